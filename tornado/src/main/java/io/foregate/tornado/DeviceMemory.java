package io.foregate.tornado;

import io.foregate.kernels.Embedding;
import io.foregate.kernels.Memory;
import io.foregate.kernels.Planes;
import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What the sequences of a model share on the device: its dense weights, and a pool of expert
 * records. Copies into the pool are TornadoVM's own transfers on a thread and a queue of their own,
 * so that they run beside kernels.
 *
 * <p>How that is possible: the graph {@link #upload} is one object and part of two plans, this
 * one's and each sequence's, and so its arrays have one device buffer. The first to execute it must
 * be this plan: the buffer for a launch's sizes belongs to the plan that comes first, and is
 * written by every launch of that plan. A sequence's plan executes it once, under {@link
 * #exclusively}.
 */
final class DeviceMemory implements AutoCloseable {
  /** Name of the graph whose arrays sequences consume. */
  static final String UPLOAD = "upload";

  private static final String COLLECT = "collect";
  private static final int LANES = 64;
  private static final int LEAST_STAGING_WORDS = 64 << 10;
  private static final int MOST_STAGING_WORDS = 2 << 20;

  private final IntArray pool;
  private final IntArray weights;
  private final FloatArray floats;
  private final IntArray directory;
  private final FloatArray basis = new FloatArray(Embedding.BASIS);
  private final IntArray staging;
  private final IntArray returned;
  private final IntArray order = IntArray.fromElements(0, 0);
  private final IntArray collectOrder = IntArray.fromElements(0, 0);
  private final ImmutableTaskGraph upload;
  private final DeviceThread thread;
  private final CopyEngine engine;
  private final GridScheduler grid = new GridScheduler();
  private final TornadoExecutionPlan plan;
  private final Object lock = new Object();
  private volatile boolean closed;

  /**
   * Claims the memory and brings the dense weights there.
   *
   * @param poolWords words of all expert records; at least 1
   * @param compute the thread of the model's sequences; must outlive this
   */
  DeviceMemory(DenseWeights dense, int poolWords, CopyEngine engine, DeviceThread compute) {
    this.engine = engine;
    this.thread =
        engine == CopyEngine.SYNCHRONOUS ? compute : new DeviceThread("foregate-device-copy");
    this.weights = dense.weights();
    this.floats = dense.floats();
    this.directory = dense.directory();
    this.pool = new IntArray(poolWords);
    this.staging =
        new IntArray(Math.clamp(poolWords / 16, LEAST_STAGING_WORDS, MOST_STAGING_WORDS));
    this.returned = new IntArray(staging.getSize());
    basis.init(0f);
    basis.set(Planes.UNIT, 1f);
    var context = new KernelContext();
    this.upload =
        new TaskGraph(UPLOAD)
            .transferToDevice(DataTransferMode.UNDER_DEMAND, pool)
            .transferToDevice(DataTransferMode.FIRST_EXECUTION, weights, floats, directory, basis)
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, order, staging)
            .task(
                "place",
                Memory::place,
                context,
                order,
                staging,
                pool,
                weights,
                floats,
                directory,
                basis)
            .persistOnDevice(shared())
            .snapshot();
    ImmutableTaskGraph collect =
        new TaskGraph(COLLECT)
            .consumeFromDevice(shared())
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, collectOrder)
            .task("collect", Memory::collect, context, collectOrder, returned, pool)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, returned)
            .persistOnDevice(shared())
            .snapshot();
    Launches.perThread(grid, UPLOAD + ".place", staging.getSize(), LANES);
    Launches.perThread(grid, COLLECT + ".collect", returned.getSize(), LANES);
    this.plan = new TornadoExecutionPlan(upload, collect);
    thread.run(() -> execute(0));
  }

  private void execute(int graph) {
    plan.withGraph(graph).withGridScheduler(grid).execute();
  }

  /** The arrays of {@link #upload} that stay on the device. */
  Object[] shared() {
    return new Object[] {pool, weights, floats, directory, basis};
  }

  ImmutableTaskGraph upload() {
    return upload;
  }

  IntArray pool() {
    return pool;
  }

  IntArray weights() {
    return weights;
  }

  FloatArray floats() {
    return floats;
  }

  IntArray directory() {
    return directory;
  }

  FloatArray basis() {
    return basis;
  }

  /** How {@link #upload}'s task is launched. */
  void launch(GridScheduler scheduler) {
    Launches.perThread(scheduler, UPLOAD + ".place", staging.getSize(), LANES);
  }

  /** Runs something, on the compute thread, while no copy is under way. */
  void exclusively(Runnable action) {
    synchronized (lock) {
      requireOpen();
      order.set(1, 0); // the upload that a plan begins with moves nothing
      action.run();
    }
  }

  /** The lock is taken where copies run: a thread that waits for another must not hold it. */
  private void copying(Runnable action) {
    thread.run(
        () -> {
          synchronized (lock) {
            requireOpen();
            action.run();
          }
        });
  }

  /**
   * Copies host memory into the pool; when it returns, kernels may read it.
   *
   * @param bytes a multiple of 4
   * @param word where in the pool
   */
  void write(MemorySegment source, long from, long bytes, int word) {
    copying(
        () -> {
          long most = 4L * staging.getSize();
          for (long done = 0; done < bytes; done += most) {
            long part = Math.min(most, bytes - done);
            MemorySegment.copy(source, from + done, staging.getSegment(), 0, part);
            order.set(0, word + (int) (done / 4));
            order.set(1, (int) (part / 4));
            execute(0);
          }
        });
  }

  /** Copies some of the pool to host memory. */
  void read(int word, MemorySegment target) {
    copying(
        () -> {
          long most = 4L * returned.getSize();
          for (long done = 0; done < target.byteSize(); done += most) {
            long part = Math.min(most, target.byteSize() - done);
            collectOrder.set(0, word + (int) (done / 4));
            collectOrder.set(1, (int) (part / 4));
            execute(1);
            MemorySegment.copy(returned.getSegment(), 0, target, done, part);
          }
        });
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the slots are closed");
    }
  }

  /** Gives the memory back. Closing twice does nothing. */
  @Override
  public void close() {
    if (!closed) {
      copying(
          () -> {
            closed = true;
            plan.withGraph(0).freeDeviceMemory();
          });
      if (engine != CopyEngine.SYNCHRONOUS) {
        thread.close();
      }
    }
  }
}
