package io.foregate.tornado;

import io.foregate.kernels.Experts;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.tornado.GraphBook.Step;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
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
  private final ModelConfig config;
  private final DenseWeights dense;
  private final CacheShape cache;
  private final int most;
  private final SequenceBuffers buffers;
  private final GraphBook book;
  private final Products one;
  private final Products several;
  private final LayerGraphs alone;
  private final LayerGraphs batch;
  private final OutputGraphs outputs;
  private final CacheTransfers transfers;
  private final int[] zeros;
  private final DeviceMemory memory;
  private final TornadoExecutionPlan plan;

  /** Which graphs are yet to be captured, where they are. */
  private final BitSet uncaptured = new BitSet();

  /**
   * @param captured whether graphs are to be captured as CUDA graphs
   */
  SequencePlan(
      ModelConfig config,
      ModelWeights model,
      DenseWeights dense,
      DeviceMemory memory,
      KernelVariants variants,
      CacheShape cache,
      boolean captured) {
    this.config = config;
    this.dense = dense;
    this.cache = cache;
    this.memory = memory;
    this.buffers = SequenceBuffers.of(config, cache, variants, dense.gates());
    this.most = SequenceBuffers.tokens(cache.capacity());
    this.zeros = new int[most];
    this.book = new GraphBook(memory, buffers);
    this.one = TokenProducts.of(config, book, variants.token());
    this.several = BatchProducts.of(config, book, variants.batch(), most);
    this.alone = new LayerGraphs(config, model.embedding(), dense, book, cache, one);
    this.batch = new LayerGraphs(config, model.embedding(), dense, book, cache, several);
    this.outputs = new OutputGraphs(config, model, dense, book, one);
    this.transfers = new CacheTransfers(config, cache, book);
    this.plan = new TornadoExecutionPlan(book.all());
    memory.exclusively(() -> execute(GraphBook.UPLOAD));
    execute(GraphBook.CLAIM);
    if (captured) {
      uncaptured.set(GraphBook.CLAIM + 1, book.size());
    }
  }

  CacheShape cache() {
    return cache;
  }

  private void execute(int graph) {
    if (uncaptured.get(graph)) {
      uncaptured.clear(graph);
      memory.exclusively( // while a thread captures, others must not call the driver
          () -> plan.withGraph(graph).withCUDAGraph().withGridScheduler(book.grid()).execute());
    } else {
      plan.withGraph(graph).withGridScheduler(book.grid()).execute();
    }
  }

  /**
   * Whether graphs do the same when they are executed again, and not when they are told otherwise:
   * a token's logits, another's, and the first's again, alone and in a batch, all without experts.
   */
  boolean repeats() {
    return repeats(1) && repeats(most);
  }

  private boolean repeats(int tokens) {
    float[] first = probe(0, tokens);
    float[] second = probe(1, tokens);
    return Arrays.equals(probe(0, tokens), first) && !Arrays.equals(first, second);
  }

  private float[] probe(int token, int tokens) {
    int[] all = new int[tokens];
    Arrays.fill(all, token);
    embed(all, 0, tokens);
    for (int layer = 0; layer < config.layers(); layer++) {
      attention(layer, 0, tokens);
      if (tokens == 1) {
        feedForward(layer, 0, false);
      } else {
        batchStep(layer).end(layer, false, tokens);
        feedForward(layer);
      }
    }
    return logits(tokens - 1).toHeapArray();
  }

  private Products products(int tokens) {
    return tokens == 1 ? one : several;
  }

  /** The residual stream becomes the embeddings of {@code tokens[from, to)}. */
  void embed(int[] tokens, int from, int to) {
    Step step = to - from == 1 ? alone.embed() : batch.embed();
    for (int i = from; i < to; i++) {
      step.step().set(1 + i - from, tokens[i]);
    }
    execute(step.graph());
  }

  /**
   * Attention of a layer, and its router; {@link #routed} then tells what it decided.
   *
   * @param position of the first token
   */
  void attention(int layer, int position, int tokens) {
    Step step = tokens == 1 ? alone.attention(layer) : batch.attention(layer);
    step.step().set(0, layer);
    step.step().set(1, position);
    step.step().set(2, tokens);
    execute(step.graph());
  }

  /** What the router of the last attention decided, see {@link io.foregate.kernels.Router}. */
  FloatArray routed(int tokens) {
    return products(tokens).routed();
  }

  /** Where in {@link #routed} the gates' input of a token begins. */
  int gateInputAt(int token, int tokens) {
    return tokens == 1
        ? gateScoresAt() + dense.gates().outputs()
        : most * SequenceBuffers.record(config) + token * config.embedding();
  }

  /** Where in {@link #routed} a token's scores begin. */
  int gateScoresAt() {
    return SequenceBuffers.record(config);
  }

  /** Whether gates are scored. */
  boolean hasGates() {
    return dense.gates().present();
  }

  /** To the gates, the next token is the first. */
  void forgetGateInput() {
    execute(outputs.forget().orElseThrow().graph());
  }

  /** The first words of records, their ranks and experts, for {@link #feedForward}. */
  void place(int layer, int i, int word, int rank, int expert) {
    place(alone.feedForward(layer).step(), types(layer).used(), i, word, rank, expert);
  }

  private static void place(IntArray step, int used, int i, int word, int rank, int expert) {
    step.set(Experts.PLACES + i, word);
    step.set(Experts.PLACES + used + i, rank);
    step.set(Experts.PLACES + 2 * used + i, expert);
  }

  private FeedForwardTypes types(int layer) {
    return dense.layers().get(layer).feedForward();
  }

  /** The weights of the tokens' experts, {@code [tokens][used]}. */
  FloatArray expertWeights(int tokens) {
    return products(tokens).expertWeights();
  }

  /** Begins to tell which experts of a batch are to run, for {@link #feedForward(int)}. */
  BatchStep batchStep(int layer) {
    FeedForwardTypes types = types(layer);
    int experts = types.isRouted() ? config.experts() : 1;
    return BatchStep.of(batch.feedForward(layer).step(), experts, types.used(), most);
  }

  /** Runs what {@link #batchStep} was told. */
  void feedForward(int layer) {
    execute(batch.feedForward(layer).graph());
  }

  /**
   * Runs the first {@code count} feed-forward networks that were placed.
   *
   * @param last whether all of the token have run then, so that their sum is due
   */
  void feedForward(int layer, int count, boolean last) {
    Step step = alone.feedForward(layer);
    step.step().set(0, layer);
    step.step().set(1, count);
    step.step().set(2, last ? 1 : 0);
    execute(step.graph());
  }

  /** Takes what the processor computed for a pair: of a token alone, for the expert of a rank. */
  void deliver(float[] output, int pair) {
    for (int i = 0; i < output.length; i++) {
      buffers.delivered().set(i, output[i]);
    }
    outputs.deliver().step().set(0, pair);
    execute(outputs.deliver().graph());
  }

  /** A dense layer's feed-forward block. */
  void denseFeedForward(int layer, int tokens) {
    for (int i = 0; i < tokens; i++) {
      expertWeights(tokens).set(i, config.scales().residual());
    }
    if (tokens == 1) {
      place(layer, 0, dense.record(layer), 0, 0);
      feedForward(layer, 1, true);
    } else {
      BatchStep step = batchStep(layer);
      step.add(dense.record(layer), 0, zeros, tokens);
      step.end(layer, true, tokens);
      feedForward(layer);
    }
  }

  /** A layer's shared expert, if it has one: before its experts, as they share their memory. */
  void shared(int layer, int tokens) {
    Optional<Step> found = alone.shared(layer);
    if (found.isEmpty()) {
      return;
    }
    if (tokens == 1) {
      IntArray step = found.get().step();
      step.set(0, layer);
      step.set(1, 1);
      step.set(2, 1);
      place(step, 1, 0, dense.record(layer), 0, 0);
      execute(found.get().graph());
    } else {
      Step step = batch.shared(layer).orElseThrow();
      BatchStep all = BatchStep.of(step.step(), 1, 1, most);
      all.add(dense.record(layer), 0, zeros, tokens);
      all.end(layer, true, tokens);
      execute(step.graph());
    }
  }

  /** Logits after a token of the batch. */
  FloatArray logits(int token) {
    outputs.logits().step().set(1, token);
    execute(outputs.logits().graph());
    return buffers.logits();
  }

  /** Copies what a layer remembers of its first positions to the host, see {@link #load}. */
  void save(int layer, int positions, MemorySegment target) {
    transfers.save(this::execute, layer, positions, target);
  }

  /** Copies what {@link #save} wrote to the device. */
  void load(int layer, int positions, MemorySegment source) {
    transfers.load(this::execute, layer, positions, source);
  }
}
