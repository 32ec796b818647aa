package io.foregate.tornado;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

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
    task.accept(graph);
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, outputs);
    var worker = new WorkerGrid1D(groups * lanes);
    worker.setLocalWork(lanes, 1, 1);
    try (var plan = new TornadoExecutionPlan(graph.snapshot())) {
      plan.withGridScheduler(new GridScheduler(name + ".kernel", worker)).execute();
    } catch (TornadoExecutionPlanException e) {
      throw new AssertionError(e);
    }
  }

  static KernelContext context() {
    return new KernelContext();
  }
}
