package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Embedding;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Norm;
import io.foregate.kernels.Router;
import io.foregate.kernels.Sums;
import io.foregate.model.Matrix;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.tornado.DenseWeights.LayerTypes;
import io.foregate.tornado.GraphBook.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs that compute a token of a sequence: two for each kind of layer (layers of equal types
 * share them), one for the embedding, one for the logits, one for what the processor computed.
 * Activations are the first rows of arrays that hold those of a batch, see {@link BatchGraphs}.
 */
final class TokenGraphs {
  private static final int MOST_LANES = 64;
  private static final int NORM_LANES = 128;
  private static final int THREAD_LANES = 64;

  private final ModelConfig config;
  private final GraphBook book;
  private final DeviceMemory memory;
  private final SequenceBuffers buffers;
  private final KernelContext context;
  private final GridScheduler grid;
  private final MatVecTasks tasks;
  private final AttentionTasks between;
  private final MatVecVariant variant;
  private final GateTasks gates;
  private final List<Step> attention = new ArrayList<>();
  private final List<Step> feedForward = new ArrayList<>();
  private final Map<Integer, Step> shared = new HashMap<>();
  private final Step embed;
  private final Step logits;
  private final Step deliver;

  /** {@code null} without gates. */
  private final Step forget;

  TokenGraphs(
      ModelConfig config,
      ModelWeights model,
      DenseWeights dense,
      GraphBook book,
      MatVecVariant variant,
      CacheShape cache) {
    this.config = config;
    this.book = book;
    this.memory = book.memory();
    this.buffers = book.buffers();
    this.context = book.context();
    this.grid = book.grid();
    this.between = new AttentionTasks(config, book, cache, 1);
    this.tasks = new MatVecTasks(variant, context, grid, buffers.codes(), buffers.scales());
    this.variant = variant;
    this.gates = GateTasks.of(config, dense, book);
    this.embed = embedGraph(model.embedding());
    Map<LayerTypes, Step> attentionOf = new HashMap<>();
    Map<LayerTypes, Step> feedForwardOf = new HashMap<>();
    Map<LayerTypes, Step> sharedOf = new HashMap<>();
    for (LayerTypes types : dense.layers()) {
      attention.add(attentionOf.computeIfAbsent(types, this::attentionGraph));
      feedForward.add(feedForwardOf.computeIfAbsent(types, this::feedForwardGraph));
      if (types.feedForward().shared().isPresent()) {
        shared.put(feedForward.size() - 1, sharedOf.computeIfAbsent(types, this::sharedGraph));
      }
    }
    this.logits = logitsGraph(model);
    this.deliver = deliverGraph();
    this.forget = gates.sizes().present() ? forgetGraph() : null;
  }

  Step attention(int layer) {
    return attention.get(layer);
  }

  Step feedForward(int layer) {
    return feedForward.get(layer);
  }

  /** Of a layer's shared expert; absent where there is none. */
  Optional<Step> shared(int layer) {
    return Optional.ofNullable(shared.get(layer));
  }

  Step embed() {
    return embed;
  }

  Step logits() {
    return logits;
  }

  Step deliver() {
    return deliver;
  }

  /** Only with gates. */
  Step forget() {
    return forget;
  }

  private Step embedGraph(Matrix table) {
    IntArray step = IntArray.fromElements(config.layers(), 0);
    TaskGraph graph = book.graph("embed", step);
    graph.task(
        "row",
        Embedding::row,
        context,
        step,
        memory.directory(),
        memory.weights(),
        memory.floats(),
        memory.basis(),
        buffers.x(),
        DenseWeights.kernelType(table),
        table.rows(),
        table.columns(),
        1,
        config.scales().embedding());
    Launches.perThread(grid, "embed.row", table.columns(), THREAD_LANES);
    if (gates.sizes().present()) {
      norm(graph, "embed", "norm", step, Directory.LAST_NORM, -1, 0, -1);
      gates.ofToken(graph, "embed", step);
    }
    return book.add(graph, step);
  }

  private Step attentionGraph(LayerTypes types) {
    String name = "attention" + book.size();
    IntArray step = IntArray.fromElements(0, 0, 1);
    TaskGraph graph = book.graph(name, step);
    int attentionNormBias = types.blocks().attentionNormBias();
    norm(graph, name, "norm", step, Directory.ATTENTION_NORM, attentionNormBias, -1, -1);
    input(graph, name, step, types);
    AttentionBlocks blocks = types.blocks();
    between.attend(graph, name, step, types);
    boolean adjusted = between.adjustsOutput(blocks);
    product(
        graph,
        name,
        "output",
        step,
        buffers.attended(),
        adjusted ? buffers.out() : buffers.x(),
        Directory.OUTPUT,
        types.output(),
        config.embedding(),
        config.attendedSize(),
        0,
        adjusted ? 0 : 1);
    if (adjusted) {
      between.addOutput(graph, name, step, blocks);
    }
    int gateInput =
        types.isRouted() && !gates.sizes().present() ? SequenceBuffers.record(config) : 0;
    int bias = blocks.feedForwardNormBias();
    norm(graph, name, "second", step, Directory.FEED_FORWARD_NORM, bias, gateInput, -1);
    if (types.isRouted()) {
      route(graph, name, step, types);
    }
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.routed());
    return book.add(graph, step);
  }

  /** Queries, keys and values, or what latent attention begins with. */
  private void input(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    if (types.hasLowRankQueries()) {
      between
          .latent()
          .lowRankInput(
              graph,
              name,
              step,
              types,
              (task, in, y, part, type, rows, columns, stride, at) ->
                  product(graph, name, task, step, in, y, part, type, rows, columns, at, 0));
      return;
    }
    InputSizes sizes = InputSizes.of(config);
    tasks.attentionInput(
        graph,
        name,
        "input",
        dense(step),
        buffers.normed(),
        buffers.qkv(),
        types,
        sizes.query(),
        sizes.key(),
        sizes.value(),
        config.embedding());
  }

  private void route(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    if (!gates.sizes().present()) {
      routerLogits(graph, name, step, types);
      pick(graph, name, step, types);
    } else {
      if (variant == MatVecVariant.PORTABLE) {
        gates.firstWithRouter(graph, name, step, types.feedForward().router());
      } else { // the router's bits are those of its variant, with gates and without
        routerLogits(graph, name, step, types);
        gates.first(graph, name, step);
      }
      pick(graph, name, step, types);
      gates.second(graph, name, step);
    }
  }

  private void routerLogits(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    product(
        graph,
        name,
        "router",
        step,
        buffers.normed(),
        buffers.routed(),
        Directory.ROUTER,
        types.feedForward().router(),
        config.experts(),
        config.embedding(),
        0,
        0);
  }

  private void pick(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    graph.task(
        "pick",
        Router::pick,
        context,
        step,
        memory.directory(),
        memory.floats(),
        buffers.routed(),
        config.experts(),
        config.expertsUsed(),
        types.feedForward().formula(),
        config.mixture().router().scale());
    Launches.groups(grid, name + ".pick", 1, Launches.lanes(config.experts(), MOST_LANES));
  }

  /**
   * {@code y = W in}.
   *
   * @param at where in {@code y} the result begins
   * @param add 1 for {@code y += W in}, else 0
   */
  private void product(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      FloatArray in,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int at,
      int add) {
    tasks.product(graph, name, task, dense(step), in, y, part, type, rows, columns, at, add);
  }

  private MatVecTasks.Dense dense(IntArray step) {
    return new MatVecTasks.Dense(step, memory.directory(), memory.weights(), memory.floats());
  }

  /**
   * @param biasPart of the directory; if negative, there is no bias
   * @param plainAt where the result goes without weight, in what gates read, or without gates in
   *     {@code routed}; if negative, nowhere
   * @param token which element of {@code step} tells the token; if negative, it is the first
   */
  private void norm(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      int part,
      int biasPart,
      int plainAt,
      int token) {
    graph.task(
        task,
        Norm::rms,
        context,
        step,
        memory.directory(),
        memory.floats(),
        buffers.x(),
        buffers.normed(),
        gates.sizes().present() ? buffers.gateInput() : buffers.routed(),
        plainAt,
        token,
        part,
        biasPart,
        config.embedding(),
        config.normEpsilon());
    Launches.groups(grid, name + "." + task, 1, NORM_LANES);
  }

  private Step feedForwardGraph(LayerTypes types) {
    String name = "experts" + book.size();
    FeedForwardTypes networks = types.feedForward();
    var step = new IntArray(Experts.PLACES + 3 * networks.used());
    step.init(0);
    TaskGraph graph = book.graph(name, step);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, buffers.expertWeights());
    IntArray pool = types.isRouted() ? memory.pool() : memory.weights();
    networks(graph, name, step, pool, buffers.expertWeights(), networks);
    return book.add(graph, step);
  }

  /** The shared expert; its weight is where rotated queries were, which attention has read. */
  private Step sharedGraph(LayerTypes types) {
    String name = "shared" + book.size();
    FeedForwardTypes networks = types.feedForward();
    var step = new IntArray(Experts.PLACES + 3);
    step.init(0);
    TaskGraph graph = book.graph(name, step);
    graph.task(
        "weight",
        Experts::sharedWeight,
        context,
        step,
        memory.directory(),
        memory.floats(),
        buffers.normed(),
        buffers.rotated(),
        config.embedding(),
        networks.shared().orElseThrow().gated() ? 1 : 0,
        config.scales().residual());
    Launches.groups(grid, name + ".weight", 1, NORM_LANES);
    networks(graph, name, step, memory.weights(), buffers.rotated(), networks.ofShared());
    return book.add(graph, step);
  }

  private void networks(
      TaskGraph graph,
      String name,
      IntArray step,
      IntArray pool,
      FloatArray weights,
      FeedForwardTypes types) {
    tasks.gateUp(graph, name, dense(step), pool, buffers.normed(), buffers.hidden(), types);
    tasks.down(
        graph,
        name,
        dense(step),
        pool,
        buffers.hidden(),
        weights,
        buffers.out(),
        buffers.x(),
        types);
  }

  private Step forgetGraph() {
    IntArray step = IntArray.fromElements(0);
    TaskGraph graph = book.graph("forget", step);
    gates.forget(graph, "forget", step);
    return book.add(graph, step);
  }

  private Step deliverGraph() {
    IntArray step = IntArray.fromElements(0);
    TaskGraph graph = book.graph("deliver", step);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, buffers.delivered());
    graph.task(
        "deliver",
        Experts::deliver,
        context,
        step,
        buffers.delivered(),
        buffers.out(),
        config.embedding());
    Launches.perThread(grid, "deliver.deliver", config.embedding(), THREAD_LANES);
    return book.add(graph, step);
  }

  private Step logitsGraph(ModelWeights model) {
    Matrix output = model.output().weight();
    IntArray step = IntArray.fromElements(config.layers(), 0);
    TaskGraph graph = book.graph("logits", step);
    int normBias = model.outputNorm().bias().length > 0 ? Directory.LAST_NORM_BIAS : -1;
    norm(graph, "logits", "norm", step, Directory.LAST_NORM, normBias, -1, 1);
    product(
        graph,
        "logits",
        "product",
        step,
        buffers.normed(),
        buffers.logits(),
        Directory.LOGITS,
        DenseWeights.kernelType(output),
        output.rows(),
        output.columns(),
        0,
        0);
    if (model.output().bias().length > 0) {
      graph.task(
          "bias",
          Sums::addBias,
          context,
          step,
          memory.directory(),
          memory.floats(),
          buffers.logits(),
          Directory.LOGITS_BIAS,
          output.rows(),
          output.rows(),
          1);
      Launches.perThread(grid, "logits.bias", output.rows(), THREAD_LANES);
    }
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.logits());
    return book.add(graph, step);
  }
}
