package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Sums;
import io.foregate.model.Matrix;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.tornado.GraphBook.Step;
import java.util.Optional;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs beside layers: one for the logits, one for what the processor computed, and, with
 * lookahead gates, one that makes them forget.
 */
final class OutputGraphs {
  private static final int THREAD_LANES = 64;

  private final ModelConfig config;
  private final GraphBook book;
  private final Step logits;
  private final Step deliver;
  private final Optional<Step> forget;

  /**
   * @param products with the token whose logits are asked for
   */
  OutputGraphs(
      ModelConfig config,
      ModelWeights model,
      DenseWeights dense,
      GraphBook book,
      Products products) {
    this.config = config;
    this.book = book;
    this.logits = logitsGraph(model, products);
    this.deliver = deliverGraph();
    GateTasks gates = GateTasks.of(config, dense, book);
    this.forget = gates.sizes().present() ? Optional.of(forgetGraph(gates)) : Optional.empty();
  }

  /** Its step: {@code [1]} the token of the batch. */
  Step logits() {
    return logits;
  }

  /** Its step: the pair of token and rank. */
  Step deliver() {
    return deliver;
  }

  /** Only with gates. */
  Optional<Step> forget() {
    return forget;
  }

  private Step forgetGraph(GateTasks gates) {
    IntArray step = IntArray.fromElements(0);
    TaskGraph graph = book.graph("forget", step);
    gates.forget(graph, "forget", step);
    return book.add(graph, step);
  }

  private Step deliverGraph() {
    SequenceBuffers buffers = book.buffers();
    IntArray step = IntArray.fromElements(0);
    TaskGraph graph = book.graph("deliver", step);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, buffers.delivered());
    graph.task(
        "deliver",
        Experts::deliver,
        book.context(),
        step,
        buffers.delivered(),
        buffers.out(),
        config.embedding());
    Launches.perThread(book.grid(), "deliver.deliver", config.embedding(), THREAD_LANES);
    return book.add(graph, step);
  }

  private Step logitsGraph(ModelWeights model, Products products) {
    SequenceBuffers buffers = book.buffers();
    Matrix output = model.output().weight();
    IntArray step = IntArray.fromElements(config.layers(), 0);
    TaskGraph graph = book.graph("logits", step);
    int normBias = model.outputNorm().bias().length > 0 ? Directory.LAST_NORM_BIAS : -1;
    new NormTasks(config, book, 1, buffers.routed())
        .one(graph, "logits", "norm", step, Directory.LAST_NORM, normBias, 1);
    products.product(
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
        output.rows(),
        0,
        false);
    if (model.output().bias().length > 0) {
      graph.task(
          "bias",
          Sums::addBias,
          book.context(),
          step,
          book.memory().directory(),
          book.memory().floats(),
          buffers.logits(),
          Directory.LOGITS_BIAS,
          output.rows(),
          output.rows(),
          1);
      Launches.perThread(book.grid(), "logits.bias", output.rows(), THREAD_LANES);
    }
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.logits());
    return book.add(graph, step);
  }
}
