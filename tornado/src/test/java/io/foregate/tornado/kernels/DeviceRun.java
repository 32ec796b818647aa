package io.foregate.tornado.kernels;

import io.foregate.tornado.device.TornadoSettings;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Runs one kernel once on TornadoVM's default device. A kernel that cannot is an exception. */
final class DeviceRun {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private DeviceRun() {}

  /**
   * @param task adds the kernel to the graph under the name {@code kernel}
   * @param inputs what it reads
   * @param outputs what it writes, or reads and writes
   */
  static void run(
      int groups, int lanes, Consumer<TaskGraph> task, Object[] inputs, Object[] outputs) {
    TornadoSettings.apply();
    String name = "test" + COUNT.incrementAndGet();
    var graph = new TaskGraph(name);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, inputs);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, outputs);
    var grid = new GridScheduler();
    for (int i = 0; i < outputs.length; i++) {
      String keep = "keep" + i;
      if (outputs[i] instanceof IntArray output) {
        graph.task(keep, DeviceRun::keepInts, context(), output);
      } else if (outputs[i] instanceof FloatArray output) {
        graph.task(keep, DeviceRun::keep, context(), output);
      }
      grid.addWorkerGrid(name + "." + keep, worker(1, 1));
    }
    task.accept(graph);
    grid.addWorkerGrid(name + ".kernel", worker(groups, lanes));
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, outputs);
    try (var plan = new TornadoExecutionPlan(graph.snapshot())) {
      plan.withGridScheduler(grid).execute();
    } catch (TornadoExecutionPlanException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * TornadoVM does not bring an array to the device whose elements are only written, and what was
   * not written is then garbage. A task that reads one element makes it do so.
   */
  static void keep(KernelContext context, FloatArray array) {
    int first = context.globalIdx;
    array.set(first, array.get(first));
  }

  /** The same for integers. */
  static void keepInts(KernelContext context, IntArray array) {
    int first = context.globalIdx;
    array.set(first, array.get(first));
  }

  private static WorkerGrid1D worker(int groups, int lanes) {
    var worker = new WorkerGrid1D(groups * lanes);
    worker.setLocalWork(lanes, 1, 1);
    return worker;
  }

  static KernelContext context() {
    return new KernelContext();
  }
}
