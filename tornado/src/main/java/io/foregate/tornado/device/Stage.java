package io.foregate.tornado.device;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A task graph that is being built. A task and the size of its launch are added together.
 *
 * @param name of the graph
 * @param args the launch arguments of its tasks, see {@link io.foregate.kernels.LaunchArgs}
 * @param context that its kernels are given
 * @param grid sizes of launches, of all graphs of a plan
 */
public record Stage(
    String name, TaskGraph graph, IntArray args, KernelContext context, GridScheduler grid) {

  /** Adds a task to a graph. */
  @FunctionalInterface
  public interface Task {
    void add(TaskGraph graph, String task);
  }

  /** Adds a task of so many groups of so many threads. */
  public void launch(String task, int groups, int lanes, Task added) {
    added.add(graph, task);
    Launches.groups(grid, name + "." + task, groups, lanes);
  }

  /**
   * Adds a task of at least {@code threads} threads, for kernels that look at their global index.
   */
  public void perThread(String task, int threads, int lanes, Task added) {
    launch(task, Math.ceilDiv(threads, lanes), lanes, added);
  }

  /** The same graph, for tasks with other launch arguments. */
  public Stage with(IntArray otherArgs) {
    return new Stage(name, graph, otherArgs, context, grid);
  }

  /** Arrays that come to the device at every execution. */
  public void toDevice(Object... arrays) {
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays);
  }

  /** Arrays that come back to the host at every execution. */
  public void toHost(Object... arrays) {
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, arrays);
  }
}
