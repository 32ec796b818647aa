package io.foregate.tornado.graph;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Embedding;
import io.foregate.kernels.Experts;
import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.Router;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.Matrix;
import io.foregate.tornado.device.Launches;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.graph.TaskGraphs.Numbered;
import io.foregate.tornado.products.NetworkKernels;
import io.foregate.tornado.products.Networks;
import io.foregate.tornado.products.ProductOutput;
import io.foregate.tornado.products.QkvMatrices;
import io.foregate.tornado.weights.AttentionBlocks;
import io.foregate.tornado.weights.DenseMatrix;
import io.foregate.tornado.weights.DenseWeights;
import io.foregate.tornado.weights.FeedForwardTypes;
import io.foregate.tornado.weights.LayerTypes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs of the embedding and of layers: two for each kind of layer (layers of equal types
 * share them), and one more for a shared expert; for a token alone, or for batches. A token alone
 * has the first rows of the arrays that hold a batch's activations. The package's Javadoc draws
 * them.
 */
final class LayerGraphs {
  private static final int MAX_LANES = 64;
  private static final int THREAD_LANES = 64;

  private final ModelConfig config;
  private final TaskGraphs graphs;
  private final SequenceBuffers buffers;
  private final Products products;
  private final AttentionTasks between;
  private final GateTasks gates;
  private final NormTasks norms;

  /** Whether gates are scored here: of a token alone. */
  private final boolean scored;

  private final List<Numbered> attention = new ArrayList<>();
  private final List<Numbered> feedForward = new ArrayList<>();
  private final Map<Integer, Numbered> shared = new HashMap<>();
  private final Numbered embed;

  LayerGraphs(
      ModelConfig config,
      Matrix embedding,
      DenseWeights dense,
      TaskGraphs graphs,
      CacheShape cache,
      Products products) {
    this.config = config;
    this.graphs = graphs;
    this.buffers = graphs.buffers();
    this.products = products;
    this.between = new AttentionTasks(config, graphs, cache, products.tokens());
    this.gates = GateTasks.of(config, dense, graphs);
    this.scored = gates.sizes().present() && products.tokens() == 1;
    FloatArray plain = scored ? buffers.gateInput : products.routed();
    this.norms = new NormTasks(config, graphs, products.tokens(), plain);
    this.embed = embedGraph(DenseWeights.matrix(Directory.EMBEDDING, embedding));
    Map<LayerTypes, Numbered> attentionOf = new HashMap<>();
    Map<LayerTypes, Numbered> feedForwardOf = new HashMap<>();
    Map<LayerTypes, Numbered> sharedOf = new HashMap<>();
    for (LayerTypes types : dense.layers()) {
      attention.add(attentionOf.computeIfAbsent(types, this::attentionGraph));
      feedForward.add(feedForwardOf.computeIfAbsent(types, this::feedForwardGraph));
      if (types.feedForward().shared().isPresent()) {
        shared.put(feedForward.size() - 1, sharedOf.computeIfAbsent(types, this::sharedGraph));
      }
    }
  }

  /** Is told the tokens. */
  Numbered embed() {
    return embed;
  }

  /** Is told layer, first position, tokens. */
  Numbered attention(int layer) {
    return attention.get(layer);
  }

  /** Is told what networks a token passes, or the tokens of a batch. */
  Numbered feedForward(int layer) {
    return feedForward.get(layer);
  }

  /** Of a layer's shared expert, told the same; absent where there is none. */
  Optional<Numbered> shared(int layer) {
    return Optional.ofNullable(shared.get(layer));
  }

  private Numbered embedGraph(DenseMatrix table) {
    int tokens = products.tokens();
    var args = new IntArray(LaunchArgs.FIRST_TOKEN + tokens);
    args.init(0);
    args.set(LaunchArgs.LAYER, config.layers());
    Stage stage = graphs.stage("embed" + products.suffix(), args);
    stage.perThread(
        "row",
        tokens * table.columns(),
        THREAD_LANES,
        (graph, task) ->
            graph.task(
                task,
                Embedding::row,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().weights(),
                graphs.dense().floats(),
                graphs.memory().basis(),
                buffers.residual,
                table.type(),
                table.rows(),
                table.columns(),
                tokens,
                config.scales().embedding()));
    if (scored) {
      norms.all(stage, "norm", new NormTasks.Vectors(Directory.LAST_NORM, NormTasks.NONE), 0);
      gates.ofToken(stage);
    }
    return graphs.add(stage);
  }

  private Numbered attentionGraph(LayerTypes types) {
    IntArray args = IntArray.fromElements(0, 0, 1); // one token of layer 0
    Stage stage = graphs.stage("attention" + products.suffix() + graphs.size(), args);
    AttentionBlocks blocks = types.blocks();
    var first = new NormTasks.Vectors(Directory.ATTENTION_NORM, blocks.attentionNormBias());
    norms.all(stage, "norm", first, NormTasks.NONE);
    if (types.hasLowRankQueries()) {
      between.latent().lowRankInput(stage, types, products.kernels());
    } else {
      input(stage, types);
    }
    between.attend(stage, types);
    output(stage, types);
    int plainAt =
        types.isRouted() && !scored ? products.tokens() * SequenceBuffers.record(config) : 0;
    var second = new NormTasks.Vectors(Directory.FEED_FORWARD_NORM, blocks.feedForwardNormBias());
    norms.all(stage, "second", second, plainAt);
    if (types.isRouted()) {
      route(stage, types);
    }
    if (gates.sizes().present() && !scored) {
      gates.keep(stage, products.routed(), plainAt);
    }
    stage.toHost(products.routed());
    return graphs.add(stage);
  }

  private void input(Stage stage, LayerTypes types) {
    InputSizes sizes = InputSizes.of(config);
    QkvMatrices matrices =
        QkvMatrices.of(types, sizes.query(), sizes.key(), sizes.value(), config.embedding());
    products.kernels().input(stage, buffers.normed, matrices, buffers.qkv);
  }

  private void output(Stage stage, LayerTypes types) {
    int width = config.embedding();
    var matrix = new DenseMatrix(Directory.OUTPUT, types.output(), width, config.attendedSize());
    boolean adjusted = between.adjustsOutput(types.blocks());
    ProductOutput output =
        adjusted
            ? ProductOutput.rows(buffers.outputs, width)
            : ProductOutput.added(buffers.residual, width);
    products.kernels().product(stage, "output", buffers.attended, matrix, output);
    if (adjusted) {
      between.addOutput(stage, types.blocks());
    }
  }

  private void route(Stage stage, LayerTypes types) {
    int routerType = types.feedForward().router();
    if (scored && products.isRouterPortable()) {
      gates.firstWithRouter(stage, routerType);
    } else {
      router(stage, routerType);
      if (scored) { // the router's bits are those of its variant, with gates and without
        gates.first(stage);
      }
    }
    stage.launch(
        "pick",
        products.tokens(),
        Launches.lanes(config.experts(), MAX_LANES),
        (graph, task) ->
            graph.task(
                task,
                Router::pick,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().floats(),
                products.routed(),
                config.experts(),
                config.expertsUsed(),
                types.feedForward().formula(),
                config.moe().router().scale()));
    if (scored) {
      gates.second(stage);
    }
  }

  private void router(Stage stage, int type) {
    var matrix = new DenseMatrix(Directory.ROUTER, type, config.experts(), config.embedding());
    ProductOutput logits = ProductOutput.rows(products.routed(), SequenceBuffers.record(config));
    products.routerKernels().product(stage, "router", buffers.normed, matrix, logits);
  }

  private Numbered feedForwardGraph(LayerTypes types) {
    int choices = types.isRouted() ? config.experts() : 1;
    IntArray pool = types.isRouted() ? graphs.memory().pool() : graphs.dense().weights();
    var networks = new Networks(pool, products.expertWeights(), types.feedForward(), choices);
    Stage stage =
        graphs.stage(
            "experts" + products.suffix() + graphs.size(),
            products.networkArgs(choices, types.feedForward().used()));
    stage.toDevice(products.expertWeights());
    NetworkKernels kernels = types.isRouted() ? products.expertKernels() : products.kernels();
    kernels.networks(stage, networks, buffers.networks());
    return graphs.add(stage);
  }

  /** The shared expert; its weight is where rotated queries were, which attention has read. */
  private Numbered sharedGraph(LayerTypes types) {
    FeedForwardTypes layer = types.feedForward();
    Stage stage =
        graphs.stage("shared" + products.suffix() + graphs.size(), products.networkArgs(1, 1));
    FloatArray weight = buffers.queries;
    stage.launch(
        "weight",
        products.tokens(),
        NormTasks.LANES,
        (graph, task) ->
            graph.task(
                task,
                Experts::sharedWeight,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().floats(),
                buffers.normed,
                weight,
                config.embedding(),
                layer.shared().orElseThrow().gated() ? 1 : 0,
                config.scales().residual()));
    var networks = new Networks(graphs.dense().weights(), weight, layer.ofShared(), 1);
    products.kernels().networks(stage, networks, buffers.networks());
    return graphs.add(stage);
  }
}
