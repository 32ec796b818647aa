package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Embedding;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Router;
import io.foregate.model.Matrix;
import io.foregate.model.ModelConfig;
import io.foregate.tornado.GraphBook.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs of the embedding and of layers: two for each kind of layer (layers of equal types
 * share them), and one more for a shared expert; for a token alone, or for batches. A token alone
 * has the first rows of the arrays that hold a batch's activations.
 */
final class LayerGraphs {
  private static final int MOST_LANES = 64;
  private static final int THREAD_LANES = 64;

  private final ModelConfig config;
  private final GraphBook book;
  private final DeviceMemory memory;
  private final SequenceBuffers buffers;
  private final Products products;
  private final AttentionTasks between;
  private final GateTasks gates;
  private final NormTasks norms;

  /** Whether gates are scored here: of a token alone. */
  private final boolean scored;

  private final List<Step> attention = new ArrayList<>();
  private final List<Step> feedForward = new ArrayList<>();
  private final Map<Integer, Step> shared = new HashMap<>();
  private final Step embed;

  LayerGraphs(
      ModelConfig config,
      Matrix embedding,
      DenseWeights dense,
      GraphBook book,
      CacheShape cache,
      Products products) {
    this.config = config;
    this.book = book;
    this.memory = book.memory();
    this.buffers = book.buffers();
    this.products = products;
    this.between = new AttentionTasks(config, book, cache, products.tokens());
    this.gates = GateTasks.of(config, dense, book);
    this.scored = gates.sizes().present() && products.tokens() == 1;
    FloatArray plain = scored ? buffers.gateInput() : products.routed();
    this.norms = new NormTasks(config, book, products.tokens(), plain);
    this.embed = embedGraph(embedding);
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

  /** Its step: see {@link Experts#gateUp}, or of a batch {@link Experts#multiply}. */
  Step feedForward(int layer) {
    return feedForward.get(layer);
  }

  /** Of a layer's shared expert, with a step like that; absent where there is none. */
  Optional<Step> shared(int layer) {
    return Optional.ofNullable(shared.get(layer));
  }

  private Step embedGraph(Matrix table) {
    int tokens = products.tokens();
    String name = "embed" + products.suffix();
    var step = new IntArray(1 + tokens);
    step.init(0);
    step.set(0, config.layers());
    TaskGraph graph = book.graph(name, step);
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
    Launches.perThread(book.grid(), name + ".row", tokens * table.columns(), THREAD_LANES);
    if (scored) {
      norms.all(graph, name, "norm", step, Directory.LAST_NORM, -1, 0);
      gates.ofToken(graph, name, step);
    }
    return book.add(graph, step);
  }

  private Step attentionGraph(LayerTypes types) {
    String name = "attention" + products.suffix() + book.size();
    IntArray step = IntArray.fromElements(0, 0, 1);
    TaskGraph graph = book.graph(name, step);
    AttentionBlocks blocks = types.blocks();
    norms.all(graph, name, "norm", step, Directory.ATTENTION_NORM, blocks.attentionNormBias(), -1);
    if (types.hasLowRankQueries()) {
      between.latent().lowRankInput(graph, name, step, types, products);
    } else {
      products.input(graph, name, step, types);
    }
    between.attend(graph, name, step, types);
    output(graph, name, step, types);
    int plainAt =
        types.isRouted() && !scored ? products.tokens() * SequenceBuffers.record(config) : 0;
    int bias = blocks.feedForwardNormBias();
    norms.all(graph, name, "second", step, Directory.FEED_FORWARD_NORM, bias, plainAt);
    if (types.isRouted()) {
      route(graph, name, step, types);
    }
    if (gates.sizes().present() && !scored) {
      gates.keep(graph, name, step, products.routed(), plainAt);
    }
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, products.routed());
    return book.add(graph, step);
  }

  private void output(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    boolean adjusted = between.adjustsOutput(types.blocks());
    products.product(
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
        !adjusted);
    if (adjusted) {
      between.addOutput(graph, name, step, types.blocks());
    }
  }

  private void route(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    if (scored && products.isRouterPortable()) {
      gates.firstWithRouter(graph, name, step, types.feedForward().router());
    } else {
      products.router(graph, name, step, types);
      if (scored) { // the router's bits are those of its variant, with gates and without
        gates.first(graph, name, step);
      }
    }
    graph.task(
        "pick",
        Router::pick,
        book.context(),
        step,
        memory.directory(),
        memory.floats(),
        products.routed(),
        config.experts(),
        config.expertsUsed(),
        types.feedForward().formula(),
        config.mixture().router().scale());
    int lanes = Launches.lanes(config.experts(), MOST_LANES);
    Launches.groups(book.grid(), name + ".pick", products.tokens(), lanes);
    if (scored) {
      gates.second(graph, name, step);
    }
  }

  private Step feedForwardGraph(LayerTypes types) {
    String name = "experts" + products.suffix() + book.size();
    FeedForwardTypes networks = types.feedForward();
    int experts = types.isRouted() ? config.experts() : 1;
    IntArray step = products.networksStep(experts, networks.used());
    TaskGraph graph = book.graph(name, step);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, products.expertWeights());
    IntArray pool = types.isRouted() ? memory.pool() : memory.weights();
    products.networks(graph, name, step, pool, products.expertWeights(), networks, experts);
    return book.add(graph, step);
  }

  /** The shared expert; its weight is where rotated queries were, which attention has read. */
  private Step sharedGraph(LayerTypes types) {
    String name = "shared" + products.suffix() + book.size();
    FeedForwardTypes networks = types.feedForward();
    IntArray step = products.networksStep(1, 1);
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
    Launches.groups(book.grid(), name + ".weight", products.tokens(), NormTasks.LANES);
    products.networks(
        graph, name, step, memory.weights(), buffers.rotated(), networks.ofShared(), 1);
    return book.add(graph, step);
  }
}
