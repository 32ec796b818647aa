package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Embedding;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Norm;
import io.foregate.kernels.Router;
import io.foregate.kernels.Tiles;
import io.foregate.model.Matrix;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.tornado.DenseWeights.LayerTypes;
import io.foregate.tornado.GraphBook.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs that compute several tokens of a sequence at a time, as {@link TokenGraphs} do one:
 * each weight is read once for up to {@link Tiles#TOKENS} of them. Launches are as large as the
 * largest batch wants; {@code step} tells how many tokens there are.
 */
final class BatchGraphs {
  private static final int MOST_LANES = 64;
  private static final int NORM_LANES = 128;
  private static final int THREAD_LANES = 64;

  private final ModelConfig config;
  private final GraphBook book;
  private final DeviceMemory memory;
  private final SequenceBuffers buffers;
  private final AttentionTasks between;
  private final MatMulTasks products;
  private final int tokens;
  private final List<Step> attention = new ArrayList<>();
  private final List<Step> feedForward = new ArrayList<>();
  private final Map<Integer, Step> shared = new HashMap<>();
  private final Step embed;
  private final GateTasks gates;

  BatchGraphs(
      ModelConfig config,
      ModelWeights model,
      DenseWeights dense,
      GraphBook book,
      MatMulVariant variant,
      CacheShape cache) {
    this.config = config;
    this.book = book;
    this.memory = book.memory();
    this.buffers = book.buffers();
    this.tokens = SequenceBuffers.tokens(cache.capacity());
    this.between = new AttentionTasks(config, book, cache, tokens);
    this.products =
        new MatMulTasks(
            variant,
            book.context(),
            book.grid(),
            tokens,
            buffers.codes(),
            buffers.scales(),
            buffers.sums());
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
  }

  /** Its step: {@code [1 ..]} tokens. */
  Step embed() {
    return embed;
  }

  /** Its step: layer, first position, tokens. */
  Step attention(int layer) {
    return attention.get(layer);
  }

  /** Its step: see {@link Experts#multiply}. */
  Step feedForward(int layer) {
    return feedForward.get(layer);
  }

  /** Of a layer's shared expert; its step: see {@link Experts#multiply}. */
  Step shared(int layer) {
    return shared.get(layer);
  }

  private Step embedGraph(Matrix table) {
    var step = new IntArray(1 + tokens);
    step.init(0);
    step.set(0, config.layers());
    TaskGraph graph = book.graph("embedBatch", step);
    graph.task(
        "row",
        Embedding::row,
        book.context(),
        step,
        memory.directory(),
        memory.weights(),
        memory.floats(),
        memory.basis(),
        buffers.x(),
        DenseWeights.kernelType(table),
        table.rows(),
        table.columns(),
        tokens,
        config.scales().embedding());
    Launches.perThread(book.grid(), "embedBatch.row", tokens * table.columns(), THREAD_LANES);
    return book.add(graph, step);
  }

  private Step attentionGraph(LayerTypes types) {
    String name = "attentionBatch" + book.size();
    IntArray step = IntArray.fromElements(0, 0, 0);
    TaskGraph graph = book.graph(name, step);
    int attentionNormBias = types.blocks().attentionNormBias();
    norm(graph, name, "norm", step, Directory.ATTENTION_NORM, attentionNormBias, -1);
    input(graph, name, step, types);
    AttentionBlocks blocks = types.blocks();
    between.attend(graph, name, step, types);
    boolean adjusted = between.adjustsOutput(blocks);
    products.read(graph, name, "attendedHalves", step, buffers.attended(), config.attendedSize());
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
        config.embedding(),
        0,
        adjusted ? Tiles.STORE : Tiles.ADD);
    if (adjusted) {
      between.addOutput(graph, name, step, blocks);
    }
    int gateInput = types.isRouted() ? tokens * SequenceBuffers.record(config) : 0;
    int bias = blocks.feedForwardNormBias();
    norm(graph, name, "second", step, Directory.FEED_FORWARD_NORM, bias, gateInput);
    if (types.isRouted()) {
      route(graph, name, step, types);
    }
    if (gates.sizes().present()) {
      gates.keep(graph, name, step, buffers.batchRouted(), gateInput);
    }
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.batchRouted());
    return book.add(graph, step);
  }

  private void route(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    products.portable( // whom it picks must not depend on the variant
        graph,
        name,
        "router",
        dense(step),
        buffers.normed(),
        buffers.batchRouted(),
        Directory.ROUTER,
        types.feedForward().router(),
        config.experts(),
        config.embedding(),
        SequenceBuffers.record(config),
        0,
        Tiles.STORE);
    graph.task(
        "pick",
        Router::pick,
        book.context(),
        step,
        memory.directory(),
        memory.floats(),
        buffers.batchRouted(),
        config.experts(),
        config.expertsUsed(),
        types.feedForward().formula(),
        config.mixture().router().scale());
    int lanes = Launches.lanes(config.experts(), MOST_LANES);
    Launches.groups(book.grid(), name + ".pick", tokens, lanes);
  }

  private void norm(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      int part,
      int biasPart,
      int plainAt) {
    graph.task(
        task,
        Norm::rms,
        book.context(),
        step,
        memory.directory(),
        memory.floats(),
        buffers.x(),
        buffers.normed(),
        buffers.batchRouted(),
        plainAt,
        -1,
        part,
        biasPart,
        config.embedding(),
        config.normEpsilon());
    Launches.groups(book.grid(), name + "." + task, tokens, NORM_LANES);
  }

  /** Queries, keys and values side by side, or what latent attention begins with. */
  private void input(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    if (types.hasLowRankQueries()) {
      between
          .latent()
          .lowRankInput(
              graph,
              name,
              step,
              types,
              (task, in, y, part, type, rows, columns, stride, at) -> {
                products.read(graph, name, task + "Halves", step, in, columns);
                product(
                    graph,
                    name,
                    task,
                    step,
                    in,
                    y,
                    part,
                    type,
                    rows,
                    columns,
                    stride,
                    at,
                    Tiles.STORE);
              });
      return;
    }
    products.read(graph, name, "normedHalves", step, buffers.normed(), config.embedding());
    InputSizes sizes = InputSizes.of(config);
    input(graph, name, "query", step, Directory.QUERY, types.query(), sizes.query(), 0);
    input(graph, name, "key", step, Directory.KEY, types.key(), sizes.key(), sizes.query());
    if (sizes.value() > 0) {
      int at = sizes.query() + sizes.key();
      input(graph, name, "value", step, Directory.VALUE, types.value(), sizes.value(), at);
    }
  }

  private void input(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      int part,
      int type,
      int rows,
      int at) {
    int columns = config.embedding();
    int stride = InputSizes.of(config).sum();
    product(
        graph,
        name,
        task,
        step,
        buffers.normed(),
        buffers.qkv(),
        part,
        type,
        rows,
        columns,
        stride,
        at,
        Tiles.STORE);
  }

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
      int stride,
      int at,
      int mode) {
    products.product(
        graph, name, task, dense(step), in, y, part, type, rows, columns, stride, at, mode);
  }

  private MatVecTasks.Dense dense(IntArray step) {
    return new MatVecTasks.Dense(step, memory.directory(), memory.weights(), memory.floats());
  }

  private Step feedForwardGraph(LayerTypes types) {
    String name = "expertsBatch" + book.size();
    FeedForwardTypes networks = types.feedForward();
    IntArray step = BatchStep.array(experts(types), networks.used(), tokens);
    TaskGraph graph = book.graph(name, step);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, buffers.batchWeights());
    IntArray pool = types.isRouted() ? memory.pool() : memory.weights();
    networks(graph, name, step, pool, buffers.batchWeights(), networks, experts(types));
    return book.add(graph, step);
  }

  private int experts(LayerTypes types) {
    return types.isRouted() ? config.experts() : 1;
  }

  /** See {@link TokenGraphs}. */
  private Step sharedGraph(LayerTypes types) {
    String name = "sharedBatch" + book.size();
    FeedForwardTypes networks = types.feedForward();
    IntArray step = BatchStep.array(1, 1, tokens);
    TaskGraph graph = book.graph(name, step);
    graph.task(
        "weight",
        Experts::sharedWeight,
        book.context(),
        step,
        memory.directory(),
        memory.floats(),
        buffers.normed(),
        buffers.rotated(),
        config.embedding(),
        networks.shared().orElseThrow().gated() ? 1 : 0,
        config.scales().residual());
    Launches.groups(book.grid(), name + ".weight", tokens, NORM_LANES);
    networks(graph, name, step, memory.weights(), buffers.rotated(), networks.ofShared(), 1);
    return book.add(graph, step);
  }

  private void networks(
      TaskGraph graph,
      String name,
      IntArray step,
      IntArray pool,
      FloatArray weights,
      FeedForwardTypes types,
      int experts) {
    products.experts(
        graph,
        name,
        dense(step),
        pool,
        buffers.normed(),
        buffers.hidden(),
        buffers.out(),
        weights,
        buffers.x(),
        types,
        experts);
  }
}
