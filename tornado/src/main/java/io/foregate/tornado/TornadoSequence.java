package io.foregate.tornado;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.model.ModelConfig;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** One sequence on a device, one token at a time. */
final class TornadoSequence implements Sequence {
  private final ModelConfig config;
  private final TornadoModel model;
  private final int capacity;
  private final Routing routing;
  private final float[] normed;

  /** Made by the first token: only then it is known where the model's experts are. */
  private SequencePlan plan;

  private int position;
  private int expertsRun;

  /**
   * @param routing shared by the model's sequences
   */
  TornadoSequence(ModelConfig config, TornadoModel model, int capacity, Routing routing) {
    this.config = config;
    this.model = model;
    this.capacity = capacity;
    this.routing = routing;
    this.normed = new float[config.embedding()];
  }

  @Override
  public int maxBatch() {
    return 1;
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public long kvBytes() {
    return 8L * SequenceBuffers.cacheWords(config, capacity);
  }

  @Override
  public void embed(int[] tokens, int from, int to, int position) {
    if (to - from != 1) {
      throw new IllegalArgumentException("a batch of %d tokens".formatted(to - from));
    }
    if (plan == null) {
      plan = model.takePlan(capacity);
    }
    this.position = position;
    model.compute(() -> plan.embed(tokens[from]));
  }

  @Override
  public void attention(int layer) {
    model.compute(() -> plan.attention(layer, position));
  }

  @Override
  public void feedForward(int layer) {
    model.compute(() -> plan.denseFeedForward(layer));
  }

  /** The router ran with the attention. */
  @Override
  public Routing route(int layer) {
    FloatArray routed = plan.routed();
    int experts = config.experts();
    int used = config.expertsUsed();
    routing.setTokens(1);
    for (int e = 0; e < experts; e++) {
      routing.logits()[e] = routed.get(e);
    }
    for (int rank = 0; rank < used; rank++) {
      routing.ids()[rank] = (int) routed.get(experts + rank);
      routing.weights()[rank] = routed.get(experts + used + rank);
    }
    expertsRun = 0;
    return routing;
  }

  @Override
  public void gateInput(int token, float[] out) {
    int from = config.experts() + 2 * config.expertsUsed();
    for (int i = 0; i < out.length; i++) {
      out[i] = plan.routed().get(from + i);
    }
  }

  @Override
  public void runExperts(int layer, ExpertMemory memory, int[] experts, int[] places, int count) {
    for (int rank = 0; rank < config.expertsUsed(); rank++) {
      plan.expertWeights().set(rank, routing.weights()[rank]);
    }
    expertsRun += count;
    boolean last = expertsRun == config.expertsUsed();
    if (memory instanceof HostExperts host) {
      runOnHost(layer, host, experts, places, count, last);
    } else {
      runOnDevice(layer, memory, experts, places, count, last);
    }
  }

  private void runOnHost(
      int layer, HostExperts host, int[] experts, int[] places, int count, boolean last) {
    normedOnHost(layer);
    for (int i = 0; i < count; i++) {
      int rank = rank(experts[i]);
      float[] output = host.run(places[i], normed);
      model.compute(() -> plan.deliver(output, rank));
    }
    if (last) {
      model.compute(() -> plan.feedForward(layer, 0, true));
    }
  }

  /** What the device's experts read, from what came back for the gates. */
  private void normedOnHost(int layer) {
    gateInput(0, normed);
    float[] weight = model.feedForwardNorm(layer);
    for (int i = 0; i < normed.length; i++) {
      normed[i] *= weight[i];
    }
  }

  private void runOnDevice(
      int layer, ExpertMemory memory, int[] experts, int[] places, int count, boolean last) {
    int slotWords = model.slotWords(memory);
    for (int i = 0; i < count; i++) {
      plan.place(layer, i, places[i] * slotWords, rank(experts[i]));
    }
    model.compute(() -> plan.feedForward(layer, count, last));
  }

  private int rank(int expert) {
    for (int rank = 0; rank < config.expertsUsed(); rank++) {
      if (routing.ids()[rank] == expert) {
        return rank;
      }
    }
    throw new IllegalArgumentException("expert %d was not chosen".formatted(expert));
  }

  /** The launch that ran the last expert has added up. */
  @Override
  public void combineExperts(int layer) {
    if (expertsRun != config.expertsUsed()) {
      throw new IllegalStateException(
          "%d of %d experts have run".formatted(expertsRun, config.expertsUsed()));
    }
  }

  @Override
  public void logits(int from, int to, float[] out) {
    if (to == from) {
      return;
    }
    model.compute(
        () -> {
          FloatArray logits = plan.logits();
          for (int i = 0; i < config.vocabulary(); i++) {
            out[i] = logits.get(i);
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
