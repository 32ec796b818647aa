package io.foregate.tornado.graph;

import io.foregate.kernels.LaunchArgs;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.tornado.copy.DeviceMemory;
import io.foregate.tornado.graph.TaskGraphs.Numbered;
import io.foregate.tornado.products.BatchNetworkArgs;
import io.foregate.tornado.products.KernelSet;
import io.foregate.tornado.products.TokenNetworkArgs;
import io.foregate.tornado.weights.DenseWeights;
import io.foregate.tornado.weights.FeedForwardTypes;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The device's side of a sequence: its KV cache, its activations, and the steps of a token. Which
 * layer, position, token or record it is, graphs read from small arrays, so that nothing is
 * compiled twice.
 *
 * <p>To be used by the model's compute thread only.
 */
public final class SequencePlan {
  private final ModelConfig config;
  private final DenseWeights dense;
  private final CacheShape cache;
  private final int most;
  private final SequenceBuffers buffers;
  private final TaskGraphs graphs;
  private final Products one;
  private final Products several;
  private final LayerGraphs alone;
  private final LayerGraphs batch;

  /** By layer. */
  private final List<TokenNetworkArgs> tokenNetworks = new ArrayList<>();

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
  public SequencePlan(
      ModelConfig config,
      ModelWeights model,
      DenseWeights dense,
      DeviceMemory memory,
      KernelSet variants,
      CacheShape cache,
      boolean captured) {
    this.config = config;
    this.dense = dense;
    this.cache = cache;
    this.memory = memory;
    this.buffers = new SequenceBuffers(config, cache, variants, dense.gates());
    this.most = SequenceBuffers.tokens(cache.capacity());
    this.zeros = new int[most];
    this.graphs = new TaskGraphs(memory, buffers);
    this.one = TokenProducts.of(graphs, variants.token());
    this.several = BatchProducts.of(graphs, variants.batch(), most);
    this.alone = new LayerGraphs(config, model.embedding(), dense, graphs, cache, one);
    this.batch = new LayerGraphs(config, model.embedding(), dense, graphs, cache, several);
    for (int layer = 0; layer < config.layers(); layer++) {
      tokenNetworks.add(new TokenNetworkArgs(alone.feedForward(layer).args(), types(layer).used()));
    }
    this.outputs = new OutputGraphs(config, model, dense, graphs, one);
    this.transfers = new CacheTransfers(config, cache, graphs);
    this.plan = new TornadoExecutionPlan(graphs.all());
    memory.exclusively(() -> execute(TaskGraphs.UPLOAD));
    execute(TaskGraphs.CLAIM);
    if (captured) {
      uncaptured.set(TaskGraphs.CLAIM + 1, graphs.size());
    }
  }

  public CacheShape cache() {
    return cache;
  }

  private void execute(int graph) {
    if (uncaptured.get(graph)) {
      uncaptured.clear(graph);
      memory.exclusively( // while a thread captures, others must not call the driver
          () -> plan.withGraph(graph).withCUDAGraph().withGridScheduler(graphs.grid()).execute());
    } else {
      plan.withGraph(graph).withGridScheduler(graphs.grid()).execute();
    }
  }

  /**
   * Whether graphs do the same when they are executed again, and not when they are told otherwise:
   * a token's logits, another's, and the first's again, alone and in a batch, all without experts.
   */
  public boolean repeats() {
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
        batchNetworks(layer).end(layer, false, tokens);
        feedForward(layer);
      }
    }
    return logits(tokens - 1).toHeapArray();
  }

  private Products products(int tokens) {
    return tokens == 1 ? one : several;
  }

  /** The residual stream becomes the embeddings of {@code tokens[from, to)}. */
  public void embed(int[] tokens, int from, int to) {
    Numbered embed = to - from == 1 ? alone.embed() : batch.embed();
    for (int i = from; i < to; i++) {
      embed.args().set(LaunchArgs.FIRST_TOKEN + i - from, tokens[i]);
    }
    execute(embed.number());
  }

  /**
   * Attention of a layer, and its router; {@link #routed} then tells what it decided.
   *
   * @param position of the first token
   */
  public void attention(int layer, int position, int tokens) {
    Numbered attention = tokens == 1 ? alone.attention(layer) : batch.attention(layer);
    attention.args().set(LaunchArgs.LAYER, layer);
    attention.args().set(LaunchArgs.POSITION, position);
    attention.args().set(LaunchArgs.TOKENS, tokens);
    execute(attention.number());
  }

  /** What the router of the last attention decided, see {@link io.foregate.kernels.Router}. */
  public FloatArray routed(int tokens) {
    return products(tokens).routed();
  }

  /** Where in {@link #routed} the gates' input of a token begins. */
  public int gateInputAt(int token, int tokens) {
    return tokens == 1
        ? gateScoresAt() + dense.gates().outputs()
        : most * SequenceBuffers.record(config) + token * config.embedding();
  }

  /** Where in {@link #routed} a token's scores begin. */
  public int gateScoresAt() {
    return SequenceBuffers.record(config);
  }

  /** Whether gates are scored. */
  public boolean hasGates() {
    return dense.gates().present();
  }

  /** To the gates, the next token is the first. */
  public void forgetGateInput() {
    execute(outputs.forget().orElseThrow().number());
  }

  /** The first words of records, their ranks and experts, for {@link #feedForward}. */
  public void place(int layer, int i, int word, int rank, int expert) {
    tokenNetworks.get(layer).place(i, word, rank, expert);
  }

  private FeedForwardTypes types(int layer) {
    return dense.layers().get(layer).feedForward();
  }

  /** The weights of the tokens' experts, {@code [tokens][used]}. */
  public FloatArray expertWeights(int tokens) {
    return products(tokens).expertWeights();
  }

  /** Begins to tell which experts of a batch are to run, for {@link #feedForward(int)}. */
  public BatchNetworkArgs batchNetworks(int layer) {
    FeedForwardTypes types = types(layer);
    int experts = types.isRouted() ? config.experts() : 1;
    return BatchNetworkArgs.of(batch.feedForward(layer).args(), experts, types.used(), most);
  }

  /** Runs what {@link #batchNetworks} was told. */
  public void feedForward(int layer) {
    execute(batch.feedForward(layer).number());
  }

  /**
   * Runs the first {@code count} feed-forward networks that were placed.
   *
   * @param last whether all of the token have run then, so that their sum is due
   */
  public void feedForward(int layer, int count, boolean last) {
    tokenNetworks.get(layer).end(layer, count, last);
    execute(alone.feedForward(layer).number());
  }

  /** Takes what the CPU computed for a pair: of a token alone, for the expert of a rank. */
  public void deliver(float[] output, int pair) {
    for (int i = 0; i < output.length; i++) {
      buffers.delivered.set(i, output[i]);
    }
    outputs.deliver().args().set(LaunchArgs.PAIR, pair);
    execute(outputs.deliver().number());
  }

  /** A dense layer's feed-forward block. */
  public void denseFeedForward(int layer, int tokens) {
    for (int i = 0; i < tokens; i++) {
      expertWeights(tokens).set(i, config.scales().residual());
    }
    if (tokens == 1) {
      place(layer, 0, dense.record(layer), 0, 0);
      feedForward(layer, 1, true);
    } else {
      BatchNetworkArgs networks = batchNetworks(layer);
      networks.add(dense.record(layer), 0, zeros, tokens);
      networks.end(layer, true, tokens);
      feedForward(layer);
    }
  }

  /** A layer's shared expert, if it has one: before its experts, as they share their memory. */
  public void shared(int layer, int tokens) {
    Optional<Numbered> found = alone.shared(layer);
    if (found.isEmpty()) {
      return;
    }
    if (tokens == 1) {
      var networks = new TokenNetworkArgs(found.get().args(), 1);
      networks.place(0, dense.record(layer), 0, 0);
      networks.end(layer, 1, true);
      execute(found.get().number());
    } else {
      Numbered shared = batch.shared(layer).orElseThrow();
      BatchNetworkArgs networks = BatchNetworkArgs.of(shared.args(), 1, 1, most);
      networks.add(dense.record(layer), 0, zeros, tokens);
      networks.end(layer, true, tokens);
      execute(shared.number());
    }
  }

  /** Logits after a token of the batch. */
  public FloatArray logits(int token) {
    outputs.logits().args().set(LaunchArgs.TOKEN, token);
    execute(outputs.logits().number());
    return buffers.logits;
  }

  /** Copies what a layer remembers of its first positions to the host, see {@link #load}. */
  public void save(int layer, int positions, MemorySegment target) {
    transfers.save(this::execute, layer, positions, target);
  }

  /** Copies what {@link #save} wrote to the device. */
  public void load(int layer, int positions, MemorySegment source) {
    transfers.load(this::execute, layer, positions, source);
  }
}
