package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.KvType;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.gguf.GgmlType;
import io.foregate.model.Activation;
import io.foregate.model.AttentionFacts;
import io.foregate.model.AttentionWeights;
import io.foregate.model.ExpertBiases;
import io.foregate.model.ExpertTensors;
import io.foregate.model.Families;
import io.foregate.model.Family;
import io.foregate.model.FeedForward;
import io.foregate.model.LayerWeights;
import io.foregate.model.Linear;
import io.foregate.model.Matrix;
import io.foregate.model.Mixture;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.model.Norm;
import io.foregate.model.QueryKeyNorm;
import io.foregate.model.RopeFacts;
import io.foregate.model.RopeStyle;
import io.foregate.model.RouterFacts;
import io.foregate.model.RouterScore;
import io.foregate.model.Scales;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Every family's feed-forward blocks on the device beside the processor's, in small models of
 * random weights that are fed the same tokens: a token at a time, in batches, and with some experts
 * on the processor.
 */
class FamilyExpertsTest {
  private static final int WIDTH = 64;
  private static final int EXPERT_WIDTH = 32;
  private static final int LAYERS = 3;
  private static final int VOCABULARY = 40;
  private static final int POSITIONS = 66;
  private static final int BATCH = 33;

  /** Of experts whose products the processor computes with activations of 8 bits. */
  private static final double INT8_ERROR = 5e-2;

  /** The processor rounds what it multiplies with halves to halves. */
  private static final double HALF_ERROR = 1e-2;

  /** Of routes, at most this share may be decided otherwise, or in another order, by roundings. */
  private static final double MOST_FLIPS = 0.1;

  /** Facts of a family's feed-forward blocks. */
  record Facts(
      String name,
      Mixture mixture,
      Activation activation,
      GgmlType type,
      boolean routerBias,
      boolean selectionBias,
      boolean expertBias,
      boolean sharedGate) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Mixture mixture(int experts, int used, int shared, int dense, RouterFacts router) {
    return new Mixture(experts, used, EXPERT_WIDTH, shared, dense, router);
  }

  static Stream<Facts> families() {
    Activation silu = Activation.SILU;
    GgmlType half = GgmlType.F16;
    RouterFacts softmax = RouterFacts.of(RouterScore.SOFTMAX, false);
    RouterFacts renormalized = RouterFacts.of(RouterScore.SOFTMAX, true);
    RouterFacts grouped = new RouterFacts(RouterScore.SIGMOID, true, 2.5f, 4, 2);
    return Stream.of(
        new Facts("olmoe", mixture(64, 8, 0, 0, softmax), silu, half, false, false, false, false),
        new Facts(
            "qwen3moe",
            mixture(128, 8, 0, 0, renormalized),
            silu,
            half,
            false,
            false,
            false,
            false),
        new Facts(
            "qwen2moe", mixture(12, 4, 96, 0, softmax), silu, half, false, false, false, true),
        new Facts(
            "deepseek2", mixture(16, 4, 64, 1, grouped), silu, half, false, true, false, false),
        new Facts(
            "gpt-oss",
            mixture(8, 3, 0, 0, RouterFacts.of(RouterScore.SOFTMAX_OF_PICKED, false)),
            Activation.CLAMPED_SILU,
            half,
            true,
            false,
            true,
            false),
        new Facts(
            "gpt-oss in MXFP4",
            mixture(8, 3, 0, 0, RouterFacts.of(RouterScore.SOFTMAX_OF_PICKED, false)),
            Activation.CLAMPED_SILU,
            GgmlType.MXFP4,
            true,
            false,
            true,
            false));
  }

  private final Random random = new Random(17);

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  @ParameterizedTest
  @MethodSource("families")
  void computesWhatTheProcessorComputes(Facts facts) {
    ModelConfig config = config(facts);
    ModelWeights weights = weights(config, facts);
    List<int[]> routes = new ArrayList<>();
    List<float[]> expected;
    try (BackendModel cpu = new CpuBackend().open(config, weights, 2)) {
      expected = run(config, cpu, routes, true, 1, false);
    }
    double tolerance = facts.type() == GgmlType.F16 ? HALF_ERROR : INT8_ERROR;
    try (BackendModel device = new TornadoModel(config, weights, 1L << 32, 1L << 32)) {
      compare("alone", expected, run(config, device, routes, false, 1, false), tolerance);
      compare("in a batch", expected, run(config, device, routes, false, BATCH, false), tolerance);
      compare("on both", expected, run(config, device, routes, false, 1, true), tolerance);
    }
  }

  private static void compare(
      String how, List<float[]> expected, List<float[]> found, double tolerance) {
    for (int t = 0; t < POSITIONS; t++) {
      double[] exact = TestMatrix.doubles(expected.get(t));
      assertThat(TestMatrix.error(exact, FloatArray.fromArray(found.get(t))))
          .as("logits after token %d, %s", t, how)
          .isLessThan(tolerance);
    }
  }

  /**
   * Feeds the tokens. The device takes the processor's choice of experts, and weighs it itself: a
   * near-tie decided otherwise would hide what is compared here. Of a choice that is the same in
   * another order, weights must follow.
   */
  private static List<float[]> run(
      ModelConfig config,
      BackendModel model,
      List<int[]> routes,
      boolean record,
      int batch,
      boolean onBoth) {
    int[] tokens = IntStream.range(0, POSITIONS).map(t -> (7 * t * t + 3) % VOCABULARY).toArray();
    List<float[]> logits = new ArrayList<>();
    int flips = 0;
    try (Sequence sequence = model.newSequence(POSITIONS + 6, KvType.F16)) {
      ExpertMemory resident = model.residentExperts();
      ExpertMemory host = onBoth ? model.hostExperts((layer, expert) -> null) : null;
      for (int from = 0; from < POSITIONS; from += batch) {
        sequence.embed(tokens, from, from + batch, from);
        for (int layer = 0; layer < config.layers(); layer++) {
          sequence.attention(layer);
          if (!config.isRouted(layer)) {
            sequence.feedForward(layer);
            continue;
          }
          Routing routing = sequence.route(layer);
          for (int t = 0; t < batch; t++) {
            flips += route(config, routing, routes, record, from + t, layer, t);
          }
          sequence.runShared(layer);
          runExperts(config, sequence, layer, routing, resident, host);
          sequence.combineExperts(layer);
        }
        for (int t = 0; t < batch; t++) {
          float[] out = new float[VOCABULARY];
          sequence.logits(t, t + 1, out);
          logits.add(out);
        }
      }
    }
    assertThat(flips)
        .as("picks that differ")
        .isLessThan((int) (MOST_FLIPS * POSITIONS * config.routedLayers()));
    return logits;
  }

  /** Records a route, or replaces one that differs; how many did. */
  private static int route(
      ModelConfig config,
      Routing routing,
      List<int[]> routes,
      boolean record,
      int position,
      int layer,
      int token) {
    int used = config.expertsUsed();
    int[] ids = Arrays.copyOfRange(routing.ids(), token * used, (token + 1) * used);
    int[] bits = new int[2 * used];
    if (record) {
      for (int i = 0; i < used; i++) {
        bits[i] = ids[i];
        bits[used + i] = Float.floatToRawIntBits(routing.weights()[token * used + i]);
      }
      routes.add(bits);
      return 0;
    }
    int[] wanted = routes.get(position * config.routedLayers() + config.routedLayer(layer));
    if (Arrays.equals(ids, Arrays.copyOf(wanted, used))) {
      return 0; // its own weights
    }
    for (int i = 0; i < used; i++) {
      routing.ids()[token * used + i] = wanted[i];
      routing.weights()[token * used + i] = Float.intBitsToFloat(wanted[used + i]);
    }
    return 1;
  }

  private static void runExperts(
      ModelConfig config,
      Sequence sequence,
      int layer,
      Routing routing,
      ExpertMemory resident,
      ExpertMemory host) {
    int[] ids =
        Arrays.stream(routing.ids(), 0, routing.tokens() * routing.used()).distinct().toArray();
    int first = config.routedLayer(layer) * config.experts();
    int[] places = Arrays.stream(ids).map(id -> first + id).toArray();
    int onHost = host == null ? 0 : 1;
    if (onHost > 0) {
      sequence.runExperts(layer, host, ids, places, onHost);
    }
    int[] others = Arrays.copyOfRange(ids, onHost, ids.length);
    int[] otherPlaces = Arrays.copyOfRange(places, onHost, ids.length);
    sequence.runExperts(layer, resident, others, otherPlaces, others.length);
  }

  private static ModelConfig config(Facts facts) {
    var family =
        new Family(
            Families.of("llama", "random").architecture(),
            RopeStyle.NEOX,
            QueryKeyNorm.NONE,
            facts.mixture().router(),
            facts.activation(),
            Set.of());
    return new ModelConfig(
        "random",
        family,
        LAYERS,
        WIDTH,
        AttentionFacts.of(2, 1, 32),
        facts.mixture().leadingDense() > 0 ? 160 : 0,
        facts.mixture(),
        VOCABULARY,
        128,
        1e-5f,
        new RopeFacts(RopeStyle.NEOX, 32, 10_000f, 1f, new float[0]),
        Scales.NONE);
  }

  private ModelWeights weights(ModelConfig config, Facts facts) {
    List<LayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      layers.add(
          new LayerWeights(
              norm(),
              AttentionWeights.Grouped.of(
                  matrix(GgmlType.F16, 64, WIDTH),
                  matrix(GgmlType.F16, 32, WIDTH),
                  matrix(GgmlType.F16, 32, WIDTH),
                  matrix(GgmlType.F16, WIDTH, 64)),
              norm(),
              config.isRouted(layer) ? routed(facts) : network(config.feedForward())));
    }
    Matrix embedding = matrix(GgmlType.F32, VOCABULARY, WIDTH);
    Matrix output = matrix(GgmlType.F32, VOCABULARY, WIDTH);
    return new ModelWeights(embedding, layers, norm(), Linear.of(output));
  }

  private FeedForward.Dense network(int hidden) {
    return new FeedForward.Dense(
        matrix(GgmlType.F16, hidden, WIDTH),
        matrix(GgmlType.F16, hidden, WIDTH),
        matrix(GgmlType.F16, WIDTH, hidden));
  }

  private FeedForward routed(Facts facts) {
    int experts = facts.mixture().experts();
    int shared = facts.mixture().sharedFeedForward();
    float[] none = {};
    return new FeedForward.Routed(
        new Linear(
            matrix(GgmlType.F32, experts, WIDTH),
            facts.routerBias() ? TestMatrix.floats(experts, random) : none),
        facts.selectionBias() ? TestMatrix.floats(experts, random) : none,
        new ExpertTensors(
            stack(facts.type(), experts, EXPERT_WIDTH, WIDTH),
            stack(facts.type(), experts, EXPERT_WIDTH, WIDTH),
            stack(facts.type(), experts, WIDTH, EXPERT_WIDTH)),
        facts.expertBias()
            ? new ExpertBiases(
                TestMatrix.floats(experts * EXPERT_WIDTH, random),
                TestMatrix.floats(experts * EXPERT_WIDTH, random),
                TestMatrix.floats(experts * WIDTH, random))
            : ExpertBiases.NONE,
        shared == 0
            ? Optional.empty()
            : Optional.of(
                new FeedForward.Shared(
                    network(shared),
                    facts.sharedGate() ? TestMatrix.floats(WIDTH, random) : none)));
  }

  private List<Matrix> stack(GgmlType type, int experts, int rows, int columns) {
    return Stream.generate(() -> matrix(type, rows, columns)).limit(experts).toList();
  }

  private Matrix matrix(GgmlType type, int rows, int columns) {
    return TestMatrix.random(type, rows, columns, (float) (1.5 / Math.sqrt(columns)), random)
        .matrix();
  }

  private Norm norm() {
    float[] norm = TestMatrix.floats(WIDTH, random);
    for (int i = 0; i < WIDTH; i++) {
      norm[i] = 1 + 0.1f * norm[i];
    }
    return Norm.of(norm);
  }
}
