package io.foregate.tornado.graph;

import io.foregate.kernels.Memory;
import io.foregate.tornado.copy.DeviceMemory;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseArrays;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs of a sequence's plan, in the order of their numbers, and how their tasks are launched.
 *
 * <p>Every graph consumes and keeps all arrays that stay on the device, whether its tasks read them
 * or not: TornadoVM hands buffers on from the graph that was executed before, whichever that was.
 */
final class TaskGraphs {
  /** The graph of what sequences share, and the one that claims a sequence's own memory. */
  static final int UPLOAD = 0;

  static final int CLAIM = 1;

  /**
   * A graph, by its number, and the launch arguments that tell each of its executions what to do.
   */
  record Numbered(int number, IntArray args) {}

  private final DeviceMemory memory;
  private final SequenceBuffers buffers;
  private final Object[] kept;
  private final KernelContext context = new KernelContext();
  private final GridScheduler grid = new GridScheduler();
  private final List<ImmutableTaskGraph> graphs = new ArrayList<>();

  TaskGraphs(DeviceMemory memory, SequenceBuffers buffers) {
    this.memory = memory;
    this.buffers = buffers;
    this.kept = Stream.concat(Stream.of(memory.shared()), Stream.of(buffers.kept())).toArray();
    graphs.add(memory.upload());
    memory.launch(grid);
    graphs.add(claim());
  }

  private ImmutableTaskGraph claim() {
    IntArray args = IntArray.fromElements(0);
    var words = new ArrayList<>(buffers.keptWords());
    var floats = new ArrayList<>(buffers.keptFloats());
    fill(words, Memory.CLAIMED_WORDS, () -> new IntArray(1));
    fill(floats, Memory.CLAIMED_FLOATS, () -> new FloatArray(1));
    Object[] onlyClaimed =
        Stream.concat(words.stream(), floats.stream())
            .filter(array -> array != buffers.angles)
            .toArray();
    TaskGraph graph =
        new TaskGraph("claim")
            .consumeFromDevice(memory.shared())
            .transferToDevice(DataTransferMode.FIRST_EXECUTION, buffers.angles)
            .transferToDevice(DataTransferMode.UNDER_DEMAND, onlyClaimed);
    var stage = new Stage("claim", graph, args, context, grid);
    stage.toDevice(args);
    claim(stage, words, floats);
    return graph.persistOnDevice(kept).snapshot();
  }

  /** A task takes a number of arrays: what a sequence has not is stood for by arrays of nothing. */
  private static <T> void fill(List<T> arrays, int count, Supplier<T> nothing) {
    if (arrays.size() > count) {
      throw new IllegalStateException(
          "Memory.claim takes %d arrays of a kind, of %d".formatted(count, arrays.size()));
    }
    while (arrays.size() < count) {
      arrays.add(nothing.get());
    }
  }

  /** An array gets device memory only as a parameter of a task, so all of them are one's. */
  private static void claim(Stage stage, List<IntArray> words, List<FloatArray> floats) {
    stage.launch(
        "claim",
        1,
        1,
        (graph, task) ->
            graph.task(
                task,
                Memory::claim,
                stage.context(),
                stage.args(),
                words.get(0),
                words.get(1),
                floats.get(0),
                floats.get(1),
                floats.get(2),
                floats.get(3),
                floats.get(4),
                floats.get(5),
                floats.get(6),
                floats.get(7),
                floats.get(8),
                floats.get(9),
                floats.get(10),
                floats.get(11),
                floats.get(12),
                floats.get(13),
                floats.get(14),
                floats.get(15)));
  }

  /** A graph that begins as all do; {@link #add} ends it. */
  Stage stage(String name, IntArray args) {
    var stage = new Stage(name, new TaskGraph(name).consumeFromDevice(kept), args, context, grid);
    stage.toDevice(args);
    return stage;
  }

  Numbered add(Stage stage) {
    graphs.add(stage.graph().persistOnDevice(kept).snapshot());
    return new Numbered(graphs.size() - 1, stage.args());
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

  DeviceMemory memory() {
    return memory;
  }

  /** The weights that every token needs. */
  DenseArrays dense() {
    return memory.dense();
  }

  SequenceBuffers buffers() {
    return buffers;
  }
}
