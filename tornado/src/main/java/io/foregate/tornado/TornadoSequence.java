package io.foregate.tornado;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.KvState;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.HostExperts;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.Norm;
import io.foregate.options.KvType;
import io.foregate.tornado.graph.CacheShape;
import io.foregate.tornado.graph.SequenceBuffers;
import io.foregate.tornado.graph.SequencePlan;
import io.foregate.tornado.products.BatchNetworkArgs;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** One sequence on a device. A token alone has kernels of its own. */
final class TornadoSequence implements Sequence {
  private final ModelConfig config;
  private final TornadoModel model;
  private final CacheShape cache;
  private final Routing routing;

  /** One token's row, between the host and the device. */
  private final float[] row;

  /** Made by the first token: only then it is known where the model's experts are. */
  private SequencePlan plan;

  /** Whether gates must forget the token before. */
  private boolean first = true;

  private int position;
  private int tokens;

  /** Of the batch's tokens and their experts, how many have run. */
  private int pairsRun;

  /**
   * @param routing shared by the model's sequences
   */
  TornadoSequence(ModelConfig config, TornadoModel model, CacheShape cache, Routing routing) {
    this.config = config;
    this.model = model;
    this.cache = cache;
    this.routing = routing;
    this.row = new float[config.embedding()];
  }

  @Override
  public int maxBatch() {
    return SequenceBuffers.tokens(cache.capacity());
  }

  @Override
  public int capacity() {
    return cache.capacity();
  }

  @Override
  public long kvBytes() {
    return cache.bytes(config);
  }

  private SequencePlan plan() {
    if (plan == null) {
      plan = model.takePlan(cache);
    }
    return plan;
  }

  @Override
  public Optional<KvState> kvState() {
    return Optional.of(new State());
  }

  /** The cache as the device holds it. */
  private final class State implements KvState {
    @Override
    public String layout() {
      return "tornado: keys [kvHead][position][keySize], values [kvHead][position][valueSize]";
    }

    @Override
    public KvType type() {
      return cache.type();
    }

    @Override
    public long bytes(int layer, int positions) {
      return cache.type().bytes() * (long) positions * config.attention().keptSize();
    }

    @Override
    public void save(int layer, int positions, MemorySegment target) {
      SequencePlan plan = plan();
      model.compute(() -> plan.save(layer, positions, target));
    }

    @Override
    public void load(int layer, int positions, MemorySegment source) {
      SequencePlan plan = plan();
      model.compute(() -> plan.load(layer, positions, source));
    }
  }

  @Override
  public void embed(int[] tokens, int from, int to, int position) {
    if (to <= from || to - from > maxBatch()) {
      throw new IllegalArgumentException("a batch of %d tokens".formatted(to - from));
    }
    plan();
    this.position = position;
    this.tokens = to - from;
    if (first && plan.hasGates()) {
      model.compute(plan::forgetGateInput);
    }
    first = false;
    model.compute(() -> plan.embed(tokens, from, to));
  }

  @Override
  public void attention(int layer) {
    model.compute(() -> plan.attention(layer, position, tokens));
  }

  @Override
  public void feedForward(int layer) {
    model.compute(() -> plan.denseFeedForward(layer, tokens));
  }

  /** The router ran with the attention. */
  @Override
  public Routing route(int layer) {
    FloatArray routed = plan.routed(tokens);
    int experts = config.experts();
    int used = config.expertsUsed();
    routing.setTokens(tokens);
    for (int t = 0; t < tokens; t++) {
      int at = t * SequenceBuffers.record(config);
      for (int e = 0; e < experts; e++) {
        routing.logits()[t * experts + e] = routed.get(at + e);
      }
      for (int rank = 0; rank < used; rank++) {
        routing.ids()[t * used + rank] = (int) routed.get(at + experts + rank);
        routing.weights()[t * used + rank] = routed.get(at + experts + used + rank);
      }
    }
    pairsRun = 0;
    return routing;
  }

  @Override
  public void gateInput(int token, float[] out) {
    FloatArray routed = plan.routed(tokens);
    int from = plan.gateInputAt(token, tokens);
    for (int i = 0; i < out.length; i++) {
      out[i] = routed.get(from + i);
    }
  }

  @Override
  public void runShared(int layer) {
    if (pairsRun > 0) {
      throw new IllegalStateException("experts have run before what tokens share");
    }
    model.compute(() -> plan.shared(layer, tokens));
  }

  @Override
  public boolean gateScores(float[] scores) {
    boolean scored = tokens == 1 && plan.hasGates();
    if (scored) {
      int from = plan.gateScoresAt();
      for (int i = 0; i < scores.length; i++) {
        scores[i] = plan.routed(1).get(from + i);
      }
    }
    return scored;
  }

  @Override
  public void forgetGateInput() {
    first = true;
  }

  @Override
  public void runExperts(int layer, ExpertMemory memory, int[] experts, int[] places, int count) {
    for (int pair = 0; pair < pairs(); pair++) {
      plan.expertWeights(tokens).set(pair, config.scales().residual() * routing.weights()[pair]);
    }
    for (int i = 0; i < count; i++) {
      pairsRun += pairsOf(experts[i]);
    }
    if (memory instanceof HostExperts host) {
      runOnHost(layer, host, experts, places, count);
    } else if (tokens == 1) {
      runOnDevice(layer, memory, experts, places, count);
    } else {
      runBatch(layer, memory, experts, places, count);
    }
  }

  /** Tokens of the batch, each with each of its experts. */
  private int pairs() {
    return tokens * config.expertsUsed();
  }

  private boolean allRan() {
    return pairsRun == pairs();
  }

  private int pairsOf(int expert) {
    int found = 0;
    for (int pair = 0; pair < pairs(); pair++) {
      found += routing.ids()[pair] == expert ? 1 : 0;
    }
    if (found == 0) {
      throw new IllegalArgumentException("expert %d was not chosen".formatted(expert));
    }
    return found;
  }

  private void runOnHost(int layer, HostExperts host, int[] experts, int[] places, int count) {
    float[] input = host.begin(layer, routing);
    for (int token = 0; token < tokens; token++) {
      normedOnHost(layer, token, input);
    }
    host.run(experts, places, count);
    for (int pair = 0; pair < pairs(); pair++) {
      if (isAmong(routing.ids()[pair], experts, count)) {
        host.output(pair, row);
        int delivered = pair;
        model.compute(() -> plan.deliver(row, delivered));
      }
    }
    if (allRan()) {
      model.compute(() -> sumUp(layer));
    }
  }

  private static boolean isAmong(int expert, int[] experts, int count) {
    for (int i = 0; i < count; i++) {
      if (experts[i] == expert) {
        return true;
      }
    }
    return false;
  }

  /** Adds up what the CPU's experts delivered last. */
  private void sumUp(int layer) {
    if (tokens == 1) {
      plan.feedForward(layer, 0, true);
    } else {
      plan.batchNetworks(layer).end(layer, true, tokens);
      plan.feedForward(layer);
    }
  }

  /** What the device's experts read, from what came back for the gates. */
  private void normedOnHost(int layer, int token, float[] input) {
    gateInput(token, row);
    Norm norm = model.feedForwardNorm(layer);
    boolean biased = norm.bias().length > 0;
    for (int i = 0; i < row.length; i++) { // as NormKernels does
      float weight = norm.weight()[i];
      row[i] = biased ? Math.fma(row[i], weight, norm.bias()[i]) : row[i] * weight;
    }
    System.arraycopy(row, 0, input, token * row.length, row.length);
  }

  private void runOnDevice(int layer, ExpertMemory memory, int[] experts, int[] places, int count) {
    int slotWords = model.slotWords(memory);
    for (int i = 0; i < count; i++) {
      plan.place(layer, i, places[i] * slotWords, rank(0, experts[i]), experts[i]);
    }
    model.compute(() -> plan.feedForward(layer, count, allRan()));
  }

  private void runBatch(int layer, ExpertMemory memory, int[] experts, int[] places, int count) {
    int slotWords = model.slotWords(memory);
    BatchNetworkArgs networks = plan.batchNetworks(layer);
    for (int i = 0; i < count; i++) {
      networks.add(places[i] * slotWords, experts[i], routing.ids(), pairs());
    }
    networks.end(layer, allRan(), tokens);
    model.compute(() -> plan.feedForward(layer));
  }

  /** Of an expert among those of a token; -1 if it is none of them. */
  private int rank(int token, int expert) {
    int used = config.expertsUsed();
    for (int rank = 0; rank < used; rank++) {
      if (routing.ids()[token * used + rank] == expert) {
        return rank;
      }
    }
    return -1;
  }

  /** The launch that ran the last expert has added up. */
  @Override
  public void combineExperts(int layer) {
    if (!allRan()) {
      throw new IllegalStateException("%d of %d experts have run".formatted(pairsRun, pairs()));
    }
  }

  @Override
  public void logits(int from, int to, float[] out) {
    model.compute(
        () -> {
          for (int token = from; token < to; token++) {
            FloatArray logits = plan.logits(token);
            int at = (token - from) * config.vocabulary();
            for (int i = 0; i < config.vocabulary(); i++) {
              out[at + i] = logits.get(i);
            }
          }
        });
  }

  @Override
  public void close() {
    if (plan != null) {
      model.returnPlan(plan);
      plan = null;
    }
  }
}
