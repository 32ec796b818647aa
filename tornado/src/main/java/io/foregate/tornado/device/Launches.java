package io.foregate.tornado.device;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/** Sizes of launches. */
public final class Launches {
  private Launches() {}

  /** At least {@code threads} threads, for kernels that look at their global index. */
  public static void perThread(GridScheduler grid, String task, int threads, int lanes) {
    groups(grid, task, Math.ceilDiv(threads, lanes), lanes);
  }

  /** So many groups of so many threads. */
  public static void groups(GridScheduler grid, String task, int groups, int lanes) {
    var worker = new WorkerGrid1D(Math.multiplyExact(groups, lanes));
    worker.setLocalWork(lanes, 1, 1);
    grid.addWorkerGrid(task, worker);
  }

  /** Threads for a row of that many units: a power of two, at most {@code most}. */
  public static int lanes(int units, int most) {
    return Math.min(most, Math.max(1, Integer.highestOneBit(Math.max(1, 2 * units - 1))));
  }
}
