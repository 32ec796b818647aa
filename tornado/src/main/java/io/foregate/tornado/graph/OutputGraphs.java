package io.foregate.tornado.graph;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.Sums;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.graph.TaskGraphs.Numbered;
import io.foregate.tornado.products.ProductOutput;
import io.foregate.tornado.weights.DenseMatrix;
import io.foregate.tornado.weights.DenseWeights;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs beside layers: one for the logits, one for what the CPU computed, and, with lookahead
 * gates, one that makes them forget.
 */
final class OutputGraphs {
  private static final int THREAD_LANES = 64;

  private final ModelConfig config;
  private final TaskGraphs graphs;
  private final Numbered logits;
  private final Numbered deliver;
  private final Optional<Numbered> forget;

  /**
   * @param products with the token whose logits are asked for
   */
  OutputGraphs(
      ModelConfig config,
      ModelWeights model,
      DenseWeights dense,
      TaskGraphs graphs,
      Products products) {
    this.config = config;
    this.graphs = graphs;
    this.logits = logitsGraph(model, products);
    this.deliver = deliverGraph();
    GateTasks gates = GateTasks.of(config, dense, graphs);
    this.forget = gates.sizes().present() ? Optional.of(forgetGraph(gates)) : Optional.empty();
  }

  /** Is told the token of the batch. */
  Numbered logits() {
    return logits;
  }

  /** Is told the pair of token and rank. */
  Numbered deliver() {
    return deliver;
  }

  /** Only with gates. */
  Optional<Numbered> forget() {
    return forget;
  }

  private Numbered forgetGraph(GateTasks gates) {
    Stage stage = graphs.stage("forget", IntArray.fromElements(0));
    gates.forget(stage);
    return graphs.add(stage);
  }

  private Numbered deliverGraph() {
    SequenceBuffers buffers = graphs.buffers();
    Stage stage = graphs.stage("deliver", IntArray.fromElements(0));
    stage.toDevice(buffers.delivered);
    stage.perThread(
        "deliver",
        config.embedding(),
        THREAD_LANES,
        (graph, task) ->
            graph.task(
                task,
                Experts::deliver,
                stage.context(),
                stage.args(),
                buffers.delivered,
                buffers.outputs,
                config.embedding()));
    return graphs.add(stage);
  }

  private Numbered logitsGraph(ModelWeights model, Products products) {
    SequenceBuffers buffers = graphs.buffers();
    DenseMatrix output = DenseWeights.matrix(Directory.LOGITS, model.output().weight());
    Stage stage = graphs.stage("logits", IntArray.fromElements(config.layers(), 0));
    int bias = model.outputNorm().bias().length > 0 ? Directory.LAST_NORM_BIAS : NormTasks.NONE;
    new NormTasks(config, graphs, 1, buffers.routed)
        .one(stage, "norm", new NormTasks.Vectors(Directory.LAST_NORM, bias), LaunchArgs.TOKEN);
    ProductOutput logitsOut = ProductOutput.rows(buffers.logits, output.rows());
    products.kernels().product(stage, "product", buffers.normed, output, logitsOut);
    if (model.output().bias().length > 0) {
      stage.perThread(
          "bias",
          output.rows(),
          THREAD_LANES,
          (graph, task) ->
              graph.task(
                  task,
                  Sums::addBias,
                  stage.context(),
                  stage.args(),
                  graphs.dense().directory(),
                  graphs.dense().floats(),
                  buffers.logits,
                  Directory.LOGITS_BIAS,
                  output.rows(),
                  output.rows(),
                  1));
    }
    stage.toHost(buffers.logits);
    return graphs.add(stage);
  }
}
