package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.HostExperts;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.tornado.kernels.TestMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Feeds one model some tokens and records what its routers decide, then feeds others the same
 * tokens. Those must decide the same, by routers' logits that are the same, wherever the first had
 * a margin; elsewhere they take its decision, because a near-tie that fell otherwise would hide
 * what is compared behind it.
 */
final class TeacherForced {
  private final ModelConfig config;
  private final ModelWeights weights;
  private final int positions;
  private final KvType kvType;
  private final double tolerance;
  private final List<Decision> decisions = new ArrayList<>();
  private List<float[]> expected;

  /** A router's of a token. */
  private record Decision(int[] ids, float[] weights, float[] logits, double margin) {}

  /**
   * @param weights see {@link ExactWeights}
   * @param tolerance normalised error of logits, and largest difference of routers' logits and of
   *     experts' weights
   */
  TeacherForced(
      ModelConfig config, ModelWeights weights, int positions, KvType kvType, double tolerance) {
    this.kvType = kvType;
    this.config = config;
    this.weights = weights;
    this.positions = positions;
    this.tolerance = tolerance;
  }

  /** Feeds the model that the others are held to, a token at a time. */
  void record(BackendModel model) {
    expected = run(model, 1, false, true);
    int unclear = 0;
    for (Decision decision : decisions) {
      unclear += decision.margin() <= margin() ? 1 : 0;
    }
    assertThat(unclear)
        .as("near-ties of %d decisions", decisions.size())
        .isLessThanOrEqualTo(decisions.size() / 20);
  }

  /** The largest normalised error of the logits of another model, fed in batches. */
  double error(BackendModel model, int batch) {
    try (var _ = new FastArithmetic()) {
      return worst(run(model, batch, false, false));
    }
  }

  /** The same a token at a time, where the first expert of each is the CPU's. */
  double errorOnBoth(BackendModel model) {
    try (var _ = new FastArithmetic()) {
      return worst(run(model, 1, true, false));
    }
  }

  private double worst(List<float[]> found) {
    double worst = 0;
    for (int t = 0; t < positions; t++) {
      double[] exact = TestMatrix.doubles(expected.get(t));
      worst = Math.max(worst, TestMatrix.error(exact, FloatArray.fromArray(found.get(t))));
    }
    return worst;
  }

  /**
   * Scores that are wrong by {@code tolerance} are in another order only where they differ by twice
   * as much; sums of two, which groups are chosen by, by four times.
   */
  private double margin() {
    return 4 * tolerance;
  }

  private List<float[]> run(BackendModel model, int batch, boolean onBoth, boolean record) {
    int vocabulary = config.vocabulary();
    int[] tokens = IntStream.range(0, positions).map(t -> (7 * t * t + 3) % vocabulary).toArray();
    List<float[]> logits = new ArrayList<>();
    try (Sequence sequence = model.newSequence(positions + 6, kvType);
        HostExperts host = HostExperts.ofFile(config, weights, 2)) {
      for (int from = 0; from < positions; from += batch) {
        int count = Math.min(batch, positions - from);
        sequence.embed(tokens, from, from + count, from);
        for (int layer = 0; layer < config.layers(); layer++) {
          sequence.attention(layer);
          if (config.isRouted(layer)) {
            Routing routing = sequence.route(layer);
            for (int t = 0; t < count; t++) {
              decide(routing, t, from + t, layer, record);
            }
            runExperts(model, sequence, layer, routing, onBoth ? 1 : 0, host);
          } else {
            sequence.feedForward(layer);
          }
        }
        for (int t = 0; t < count; t++) {
          float[] out = new float[vocabulary];
          sequence.logits(t, t + 1, out);
          logits.add(out);
        }
      }
    }
    return logits;
  }

  private void decide(Routing routing, int token, int position, int layer, boolean record) {
    int used = routing.used();
    int at = token * used;
    int all = routing.experts();
    int[] ids = Arrays.copyOfRange(routing.ids(), at, at + used);
    float[] shares = Arrays.copyOfRange(routing.weights(), at, at + used);
    float[] logits = Arrays.copyOfRange(routing.logits(), token * all, (token + 1) * all);
    if (record) {
      decisions.add(
          new Decision(ids, shares, logits, RoutingMargin.of(config, bias(layer), logits)));
      return;
    }
    Decision wanted = decisions.get(position * config.routedLayers() + config.routedLayer(layer));
    String where = "position %d, layer %d".formatted(position, layer);
    assertThat(logits).as(where).containsExactly(wanted.logits(), within((float) tolerance));
    if (wanted.margin() > margin()) {
      assertThat(ids).as("%s, margin %s", where, wanted.margin()).containsExactly(wanted.ids());
    }
    if (Arrays.equals(ids, wanted.ids())) {
      assertThat(shares).as(where).containsExactly(wanted.weights(), within((float) tolerance));
    } else {
      System.arraycopy(wanted.ids(), 0, routing.ids(), at, used);
      System.arraycopy(wanted.weights(), 0, routing.weights(), at, used);
    }
  }

  private float[] bias(int layer) {
    return ((FeedForward.Routed) weights.layers().get(layer).feedForward()).selectionBias();
  }

  private void runExperts(
      BackendModel model,
      Sequence sequence,
      int layer,
      Routing routing,
      int onHost,
      HostExperts host) {
    int[] ids =
        Arrays.stream(routing.ids(), 0, routing.tokens() * routing.used()).distinct().toArray();
    int first = config.routedLayer(layer) * config.experts();
    int[] places = Arrays.stream(ids).map(id -> first + id).toArray();
    ExpertMemory resident = model.residentExperts();
    sequence.runShared(layer);
    if (onHost > 0) {
      sequence.runExperts(layer, host, ids, places, onHost);
    }
    int[] others = Arrays.copyOfRange(ids, onHost, ids.length);
    int[] otherPlaces = Arrays.copyOfRange(places, onHost, ids.length);
    sequence.runExperts(layer, resident, others, otherPlaces, others.length);
    sequence.combineExperts(layer);
  }
}
