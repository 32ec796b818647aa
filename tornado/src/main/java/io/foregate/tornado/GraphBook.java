package io.foregate.tornado;

import io.foregate.kernels.Memory;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs of a sequence's plan, in the order of their numbers, and how their tasks are launched.
 *
 * <p>Every graph consumes and keeps all arrays that stay on the device, whether its tasks read them
 * or not: TornadoVM hands buffers on from the graph that was executed before, whichever that was.
 */
final class GraphBook {
  /** The graph of what sequences share, and the one that claims a sequence's own memory. */
  static final int UPLOAD = 0;

  static final int CLAIM = 1;

  /** A graph, by its number, and the array that tells each of its executions what to do. */
  record Step(int graph, IntArray step) {}

  private final DeviceMemory memory;
  private final SequenceBuffers buffers;
  private final Object[] kept;
  private final KernelContext context = new KernelContext();
  private final GridScheduler grid = new GridScheduler();
  private final List<ImmutableTaskGraph> graphs = new ArrayList<>();

  GraphBook(DeviceMemory memory, SequenceBuffers buffers) {
    this.memory = memory;
    this.buffers = buffers;
    List<Object> all = new ArrayList<>(List.of(memory.shared()));
    all.addAll(buffers.kept());
    this.kept = all.toArray();
    graphs.add(memory.upload());
    memory.launch(grid);
    graphs.add(claim());
  }

  private ImmutableTaskGraph claim() {
    IntArray order = IntArray.fromElements(0);
    Launches.groups(grid, "claim.claim", 1, 1);
    return new TaskGraph("claim")
        .consumeFromDevice(memory.shared())
        .transferToDevice(DataTransferMode.FIRST_EXECUTION, buffers.angles())
        .transferToDevice(
            DataTransferMode.UNDER_DEMAND,
            buffers.halves(),
            buffers.singles(),
            buffers.x(),
            buffers.normed(),
            buffers.qkv(),
            buffers.rotated(),
            buffers.attended(),
            buffers.hidden(),
            buffers.out(),
            buffers.codes(),
            buffers.scales(),
            buffers.sums(),
            buffers.gateInput(),
            buffers.gateHidden())
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, order)
        .task(
            "claim",
            Memory::claim,
            context,
            order,
            buffers.halves(),
            buffers.singles(),
            buffers.angles(),
            buffers.x(),
            buffers.normed(),
            buffers.qkv(),
            buffers.rotated(),
            buffers.attended(),
            buffers.hidden(),
            buffers.out(),
            buffers.codes(),
            buffers.scales(),
            buffers.sums(),
            buffers.gateInput(),
            buffers.gateHidden())
        .persistOnDevice(kept)
        .snapshot();
  }

  /** A graph that begins as all do; {@link #add} ends it. */
  TaskGraph graph(String name, IntArray step) {
    return new TaskGraph(name)
        .consumeFromDevice(kept)
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, step);
  }

  Step add(TaskGraph graph, IntArray step) {
    graphs.add(graph.persistOnDevice(kept).snapshot());
    return new Step(graphs.size() - 1, step);
  }

  /** Graphs so far. */
  int size() {
    return graphs.size();
  }

  ImmutableTaskGraph[] all() {
    return graphs.toArray(ImmutableTaskGraph[]::new);
  }

  GridScheduler grid() {
    return grid;
  }

  KernelContext context() {
    return context;
  }

  DeviceMemory memory() {
    return memory;
  }

  SequenceBuffers buffers() {
    return buffers;
  }
}
