package io.foregate.tornado;

import io.foregate.kernels.Experts;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.tornado.SequenceGraphs.Step;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The device's side of a sequence: its KV cache, its activations, and the steps of a token. Which
 * layer, position, token or record it is, graphs read from small arrays, so that nothing is
 * compiled twice.
 *
 * <p>To be used by the model's compute thread only.
 */
final class SequencePlan {
  /** The graph of what sequences share, and the first of a sequence's own. */
  private static final int UPLOAD = 0;

  private static final int CLAIM = 1;

  private final DenseWeights dense;
  private final int capacity;
  private final int used;
  private final SequenceBuffers buffers;
  private final SequenceGraphs graphs;
  private final TornadoExecutionPlan plan;

  SequencePlan(
      ModelConfig config,
      ModelWeights model,
      DenseWeights dense,
      DeviceMemory memory,
      int capacity) {
    this.dense = dense;
    this.capacity = capacity;
    this.used = SequenceBuffers.used(config);
    this.buffers = SequenceBuffers.of(config, capacity);
    this.graphs = new SequenceGraphs(config, model, dense, memory, buffers, capacity);
    this.plan = new TornadoExecutionPlan(graphs.all());
    memory.exclusively(() -> execute(UPLOAD));
    execute(CLAIM);
  }

  int capacity() {
    return capacity;
  }

  private void execute(int graph) {
    plan.withGraph(graph).withGridScheduler(graphs.grid()).execute();
  }

  /** The residual stream becomes a token's embedding. */
  void embed(int token) {
    Step step = graphs.embed();
    step.step().set(1, token);
    execute(step.graph());
  }

  /** Attention of a layer, and its router; {@link #routed} then tells what it decided. */
  void attention(int layer, int position) {
    Step step = graphs.attention(layer);
    step.step().set(0, layer);
    step.step().set(1, position);
    execute(step.graph());
  }

  /** What the router of the last attention decided, see {@link io.foregate.kernels.Router}. */
  FloatArray routed() {
    return buffers.routed();
  }

  /** The first words of records, and their ranks, for {@link #feedForward}. */
  void place(int layer, int i, int word, int rank) {
    IntArray step = graphs.feedForward(layer).step();
    step.set(Experts.PLACES + i, word);
    step.set(Experts.PLACES + used + i, rank);
  }

  /** The weights of the token's experts, by rank. */
  FloatArray expertWeights() {
    return buffers.expertWeights();
  }

  /**
   * Runs the first {@code count} feed-forward networks that were placed.
   *
   * @param last whether all of the token have run then, so that their sum is due
   */
  void feedForward(int layer, int count, boolean last) {
    Step step = graphs.feedForward(layer);
    step.step().set(0, layer);
    step.step().set(1, count);
    step.step().set(2, last ? 1 : 0);
    execute(step.graph());
  }

  /** Takes what the processor computed for the expert of a rank. */
  void deliver(float[] output, int rank) {
    for (int i = 0; i < output.length; i++) {
      buffers.delivered().set(i, output[i]);
    }
    graphs.deliver().step().set(0, rank);
    execute(graphs.deliver().graph());
  }

  /** A dense layer's feed-forward block. */
  void denseFeedForward(int layer) {
    place(layer, 0, dense.record(layer), 0);
    buffers.expertWeights().set(0, 1f);
    feedForward(layer, 1, true);
  }

  /** Logits after the token. */
  FloatArray logits() {
    execute(graphs.logits().graph());
    return buffers.logits();
  }
}
