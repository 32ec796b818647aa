package io.foregate.tornado;

import io.foregate.kernels.Attention;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Embedding;
import io.foregate.kernels.Experts;
import io.foregate.kernels.MatVec;
import io.foregate.kernels.Memory;
import io.foregate.kernels.Norm;
import io.foregate.kernels.Planes;
import io.foregate.kernels.Router;
import io.foregate.model.Matrix;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.model.RopeStyle;
import io.foregate.store.ExpertShape;
import io.foregate.tornado.DenseWeights.LayerTypes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The device's side of a sequence: its KV cache, its activations, and the graphs that compute a
 * token. Two graphs for each kind of layer (layers of equal types share them), one for the
 * embedding, one for the logits; which layer, position, token or record it is, graphs read from
 * small arrays, so that nothing is compiled twice.
 *
 * <p>Every graph consumes and keeps all arrays that stay on the device, whether its tasks read them
 * or not: TornadoVM hands buffers on from the graph that was executed before, whichever that was.
 *
 * <p>To be used by the model's compute thread only.
 */
final class SequencePlan {
  /** The first graph of a sequence's own, after {@link DeviceMemory#upload}. */
  private static final int CLAIM = 1;

  private static final int MOST_LANES = 64;
  private static final int NORM_LANES = 128;
  private static final int ATTENTION_LANES = 64;
  private static final int THREAD_LANES = 64;

  /** A graph, and the array that tells each of its executions what to do. */
  private record Step(int graph, IntArray step) {}

  private final ModelConfig config;
  private final DeviceMemory memory;
  private final DenseWeights dense;
  private final int capacity;
  private final KernelContext context = new KernelContext();
  private final GridScheduler grid = new GridScheduler();
  private final List<ImmutableTaskGraph> graphs = new ArrayList<>();
  private final List<Step> attention = new ArrayList<>();
  private final List<Step> feedForward = new ArrayList<>();
  private final Step embed;
  private final Step logitsStep;
  private final Step deliverStep;
  private final IntArray keys;
  private final IntArray values;
  private final FloatArray angles;
  private final FloatArray x;
  private final FloatArray normed;
  private final FloatArray qkv;
  private final FloatArray rotated;
  private final FloatArray attended;
  private final FloatArray hidden;
  private final FloatArray out;
  private final FloatArray expertWeights;
  private final FloatArray routed;
  private final FloatArray logits;
  private final FloatArray delivered;
  private final Object[] kept;
  private final TornadoExecutionPlan plan;

  SequencePlan(
      ModelConfig config,
      ModelWeights model,
      DenseWeights dense,
      DeviceMemory memory,
      int capacity) {
    this.config = config;
    this.dense = dense;
    this.memory = memory;
    this.capacity = capacity;
    int cacheWords = cacheWords(config, capacity);
    int width = config.embedding();
    int used = used();
    this.keys = new IntArray(cacheWords);
    this.values = new IntArray(cacheWords);
    this.angles = RopeAngles.of(config.rope(), capacity);
    this.x = new FloatArray(width);
    this.normed = new FloatArray(width);
    this.qkv = new FloatArray(config.querySize() + 2 * config.kvSize());
    this.rotated = new FloatArray(config.querySize());
    this.attended = new FloatArray(config.querySize());
    this.hidden = new FloatArray(used * config.feedForward());
    this.out = new FloatArray(used * width);
    this.expertWeights = new FloatArray(used);
    this.routed = new FloatArray(config.experts() + 2 * config.expertsUsed() + width);
    this.logits = new FloatArray(config.vocabulary());
    this.delivered = new FloatArray(width);
    this.kept = kept();
    graphs.add(memory.upload());
    memory.launch(grid);
    graphs.add(claim());
    this.embed = embedGraph(model.embedding());
    Map<LayerTypes, Step> attentionOf = new HashMap<>();
    Map<LayerTypes, Step> feedForwardOf = new HashMap<>();
    for (LayerTypes types : dense.layers()) {
      attention.add(attentionOf.computeIfAbsent(types, this::attentionGraph));
      feedForward.add(feedForwardOf.computeIfAbsent(types, this::feedForwardGraph));
    }
    this.logitsStep = logitsGraph(model.output());
    this.deliverStep = deliverGraph();
    this.plan = new TornadoExecutionPlan(graphs.toArray(ImmutableTaskGraph[]::new));
    memory.exclusively(() -> execute(0));
    execute(CLAIM);
  }

  /** Words of a sequence's keys, and of its values. */
  static int cacheWords(ModelConfig config, int capacity) {
    return Math.toIntExact((long) config.layers() * config.kvSize() * capacity / 2);
  }

  /** Device memory of a sequence, but for some hundred bytes. */
  static long bytes(ModelConfig config, int capacity) {
    int used = Math.max(1, config.expertsUsed());
    long floats =
        (long) capacity * config.rope().dimensions()
            + 4L * config.embedding()
            + 3L * config.querySize()
            + 2L * config.kvSize()
            + (long) used * (config.feedForward() + config.embedding())
            + config.vocabulary();
    return 4 * (floats + 2L * cacheWords(config, capacity));
  }

  /** Feed-forward networks that a token passes in a layer. */
  private int used() {
    return Math.max(1, config.expertsUsed());
  }

  int capacity() {
    return capacity;
  }

  private Object[] kept() {
    List<Object> all = new ArrayList<>(List.of(memory.shared()));
    all.addAll(List.of(keys, values, angles, x, normed, qkv, rotated, attended, hidden, out));
    return all.toArray();
  }

  private ImmutableTaskGraph claim() {
    IntArray order = IntArray.fromElements(0);
    Launches.groups(grid, "claim.claim", 1, 1);
    return new TaskGraph("claim")
        .consumeFromDevice(memory.shared())
        .transferToDevice(DataTransferMode.FIRST_EXECUTION, angles)
        .transferToDevice(
            DataTransferMode.UNDER_DEMAND,
            keys,
            values,
            x,
            normed,
            qkv,
            rotated,
            attended,
            hidden,
            out)
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, order)
        .task(
            "claim",
            Memory::claim,
            context,
            order,
            keys,
            values,
            angles,
            x,
            normed,
            qkv,
            rotated,
            attended,
            hidden,
            out)
        .persistOnDevice(kept)
        .snapshot();
  }

  private TaskGraph graph(String name, IntArray step) {
    return new TaskGraph(name)
        .consumeFromDevice(kept)
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, step);
  }

  private Step add(TaskGraph graph, IntArray step) {
    graphs.add(graph.persistOnDevice(kept).snapshot());
    return new Step(graphs.size() - 1, step);
  }

  private Step embedGraph(Matrix table) {
    IntArray step = IntArray.fromElements(config.layers(), 0);
    TaskGraph graph = graph("embed", step);
    graph.task(
        "row",
        Embedding::row,
        context,
        step,
        memory.directory(),
        memory.weights(),
        memory.floats(),
        memory.basis(),
        x,
        DenseWeights.kernelType(table),
        table.rows(),
        table.columns());
    Launches.perThread(grid, "embed.row", table.columns(), THREAD_LANES);
    return add(graph, step);
  }

  private Step attentionGraph(LayerTypes types) {
    String name = "attention" + graphs.size();
    IntArray step = IntArray.fromElements(0, 0);
    TaskGraph graph = graph(name, step);
    norm(graph, name, "norm", step, Directory.ATTENTION_NORM, -1);
    graph.task(
        "input",
        MatVec::attentionInput,
        context,
        step,
        memory.directory(),
        memory.weights(),
        memory.floats(),
        normed,
        qkv,
        types.query(),
        types.key(),
        types.value(),
        config.querySize(),
        config.kvSize(),
        config.embedding());
    Launches.groups(grid, name + ".input", qkv.getSize(), lanes(config.embedding()));
    int words = qkv.getSize() / 2;
    graph.task(
        "append",
        Attention::append,
        context,
        step,
        qkv,
        angles,
        rotated,
        keys,
        values,
        config.heads(),
        config.kvHeads(),
        config.headSize(),
        config.rope().dimensions(),
        config.rope().style() == RopeStyle.NEOX ? 1 : 0,
        capacity);
    Launches.perThread(grid, name + ".append", words, THREAD_LANES);
    graph.task(
        "attend",
        Attention::attend,
        context,
        step,
        rotated,
        keys,
        values,
        attended,
        config.heads(),
        config.kvHeads(),
        config.headSize(),
        capacity,
        (float) (1 / Math.sqrt(config.headSize())));
    Launches.groups(grid, name + ".attend", config.heads(), ATTENTION_LANES);
    int width = config.embedding();
    product(graph, name, "output", step, attended, x, Directory.OUTPUT, types.output(), width);
    if (types.isRouted()) {
      int gateInput = config.experts() + 2 * config.expertsUsed();
      norm(graph, name, "second", step, Directory.FEED_FORWARD_NORM, gateInput);
      route(graph, name, step, types.router());
    } else {
      norm(graph, name, "second", step, Directory.FEED_FORWARD_NORM, 0);
    }
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, routed);
    return add(graph, step);
  }

  private void route(TaskGraph graph, String name, IntArray step, int type) {
    graph.task(
        "router",
        MatVec::product,
        context,
        step,
        memory.directory(),
        memory.weights(),
        memory.floats(),
        normed,
        routed,
        Directory.ROUTER,
        type,
        config.experts(),
        config.embedding(),
        0);
    Launches.groups(grid, name + ".router", config.experts(), lanes(config.embedding()));
    graph.task("pick", Router::pick, context, routed, config.experts(), config.expertsUsed());
    Launches.groups(grid, name + ".pick", 1, Launches.lanes(config.experts(), MOST_LANES));
  }

  /** {@code y += W x}, where {@code x} has as many elements as there are columns. */
  private void product(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      FloatArray in,
      FloatArray y,
      int part,
      int type,
      int rows) {
    graph.task(
        task,
        MatVec::product,
        context,
        step,
        memory.directory(),
        memory.weights(),
        memory.floats(),
        in,
        y,
        part,
        type,
        rows,
        in.getSize(),
        1);
    Launches.groups(grid, name + "." + task, rows, lanes(in.getSize()));
  }

  private void norm(
      TaskGraph graph, String name, String task, IntArray step, int part, int plainAt) {
    graph.task(
        task,
        Norm::rms,
        context,
        step,
        memory.directory(),
        memory.floats(),
        x,
        normed,
        routed,
        plainAt,
        part,
        config.embedding(),
        config.normEpsilon());
    Launches.groups(grid, name + "." + task, 1, NORM_LANES);
  }

  private Step feedForwardGraph(LayerTypes types) {
    String name = "experts" + graphs.size();
    int used = used();
    var step = new IntArray(Experts.PLACES + 2 * used);
    TaskGraph graph = graph(name, step);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, expertWeights);
    IntArray pool = types.isRouted() ? memory.pool() : memory.weights();
    ExpertShape shape = types.experts();
    graph.task(
        "gateUp",
        Experts::gateUp,
        context,
        step,
        pool,
        normed,
        hidden,
        shape.gate().id(),
        shape.up().id(),
        (int) (PlaneLayout.upOffset(shape) / 4),
        shape.feedForward(),
        shape.embedding());
    int groups = used * shape.feedForward();
    Launches.groups(grid, name + ".gateUp", groups, lanes(shape.embedding()));
    graph.task(
        "down",
        Experts::down,
        context,
        step,
        pool,
        hidden,
        expertWeights,
        out,
        x,
        shape.down().id(),
        (int) (PlaneLayout.downOffset(shape) / 4),
        shape.embedding(),
        shape.feedForward(),
        used);
    Launches.groups(grid, name + ".down", shape.embedding(), lanes(shape.feedForward()));
    return add(graph, step);
  }

  private Step deliverGraph() {
    IntArray step = IntArray.fromElements(0);
    TaskGraph graph = graph("deliver", step);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, delivered);
    graph.task("deliver", Experts::deliver, context, step, delivered, out, config.embedding());
    Launches.perThread(grid, "deliver.deliver", config.embedding(), THREAD_LANES);
    return add(graph, step);
  }

  private Step logitsGraph(Matrix output) {
    IntArray step = IntArray.fromElements(config.layers());
    TaskGraph graph = graph("logits", step);
    norm(graph, "logits", "norm", step, Directory.LAST_NORM, -1);
    graph.task(
        "product",
        MatVec::product,
        context,
        step,
        memory.directory(),
        memory.weights(),
        memory.floats(),
        normed,
        logits,
        Directory.LOGITS,
        DenseWeights.kernelType(output),
        output.rows(),
        output.columns(),
        0);
    Launches.groups(grid, "logits.product", output.rows(), lanes(output.columns()));
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, logits);
    return add(graph, step);
  }

  private static int lanes(int columns) {
    return Launches.lanes(columns / Planes.UNIT, MOST_LANES);
  }

  private void execute(int graph) {
    plan.withGraph(graph).withGridScheduler(grid).execute();
  }

  /** The residual stream becomes a token's embedding. */
  void embed(int token) {
    embed.step().set(1, token);
    execute(embed.graph());
  }

  /** Attention of a layer, and its router; {@link #routed} then tells what it decided. */
  void attention(int layer, int position) {
    Step step = attention.get(layer);
    step.step().set(0, layer);
    step.step().set(1, position);
    execute(step.graph());
  }

  /** What {@link Router} writes. */
  FloatArray routed() {
    return routed;
  }

  /** The first words of records, and their ranks, for {@link #feedForward}. */
  void place(int layer, int i, int word, int rank) {
    IntArray step = feedForward.get(layer).step();
    step.set(Experts.PLACES + i, word);
    step.set(Experts.PLACES + used() + i, rank);
  }

  /** The weights of the token's experts, by rank. */
  FloatArray expertWeights() {
    return expertWeights;
  }

  /**
   * Runs the first {@code count} feed-forward networks that were placed.
   *
   * @param last whether all of the token have run then, so that their sum is due
   */
  void feedForward(int layer, int count, boolean last) {
    Step step = feedForward.get(layer);
    step.step().set(0, layer);
    step.step().set(1, count);
    step.step().set(2, last ? 1 : 0);
    execute(step.graph());
  }

  /** Takes what the processor computed for the expert of a rank. */
  void deliver(float[] output, int rank) {
    for (int i = 0; i < output.length; i++) {
      delivered.set(i, output[i]);
    }
    deliverStep.step().set(0, rank);
    execute(deliverStep.graph());
  }

  /** A dense layer's feed-forward block. */
  void denseFeedForward(int layer) {
    place(layer, 0, dense.record(layer), 0);
    expertWeights.set(0, 1f);
    feedForward(layer, 1, true);
  }

  FloatArray logits() {
    execute(logitsStep.graph());
    return logits;
  }
}
