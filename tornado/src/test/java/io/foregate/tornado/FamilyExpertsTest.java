package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.backend.BackendModel;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.gguf.GgmlType;
import io.foregate.model.ActivationFunction;
import io.foregate.model.AttentionConfig;
import io.foregate.model.Families;
import io.foregate.model.Family;
import io.foregate.model.ModelConfig;
import io.foregate.model.MoeConfig;
import io.foregate.model.QueryKeyNorm;
import io.foregate.model.RopeConfig;
import io.foregate.model.RopeStyle;
import io.foregate.model.RouterConfig;
import io.foregate.model.RouterScore;
import io.foregate.model.Scales;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.ExpertBiases;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.model.weights.Norm;
import io.foregate.options.KvType;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.kernels.TestMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every family's feed-forward blocks on the device beside the CPU's, in small models of random
 * weights that are fed the same tokens: a token at a time, in batches, and with some experts on the
 * CPU.
 */
class FamilyExpertsTest {
  private static final int WIDTH = 64;
  private static final int EXPERT_WIDTH = 32;
  private static final int LAYERS = 3;
  private static final int VOCABULARY = 40;
  private static final int POSITIONS = 66;
  private static final int BATCH = 33;

  private static final double TOLERANCE = 1e-4;

  /** Facts of a family's feed-forward blocks. */
  record Facts(
      String name,
      MoeConfig moe,
      ActivationFunction activation,
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

  private static MoeConfig mixture(
      int experts, int used, int shared, int dense, RouterConfig router) {
    return new MoeConfig(experts, used, EXPERT_WIDTH, shared, dense, router);
  }

  static Stream<Facts> families() {
    ActivationFunction silu = ActivationFunction.SILU;
    GgmlType f16 = GgmlType.F16;
    RouterConfig softmax = RouterConfig.of(RouterScore.SOFTMAX, false);
    RouterConfig renormalized = RouterConfig.of(RouterScore.SOFTMAX, true);
    RouterConfig grouped = new RouterConfig(RouterScore.SIGMOID, true, 2.5f, 4, 2);
    return Stream.of(
        new Facts("olmoe", mixture(64, 8, 0, 0, softmax), silu, f16, false, false, false, false),
        new Facts(
            "qwen3moe", mixture(128, 8, 0, 0, renormalized), silu, f16, false, false, false, false),
        new Facts("qwen2moe", mixture(12, 4, 96, 0, softmax), silu, f16, false, false, false, true),
        new Facts(
            "deepseek2", mixture(16, 4, 64, 1, grouped), silu, f16, false, true, false, false),
        new Facts(
            "gpt-oss",
            mixture(8, 3, 0, 0, RouterConfig.of(RouterScore.SOFTMAX_OF_PICKED, false)),
            ActivationFunction.CLAMPED_SILU,
            f16,
            true,
            false,
            true,
            false),
        new Facts(
            "gpt-oss in MXFP4",
            mixture(8, 3, 0, 0, RouterConfig.of(RouterScore.SOFTMAX_OF_PICKED, false)),
            ActivationFunction.CLAMPED_SILU,
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
    ModelWeights exact = ExactWeights.of(weights);
    var run = new TeacherForced(config, exact, POSITIONS, KvType.F32, TOLERANCE);
    try (BackendModel cpu = new CpuBackend().open(config, exact, 2)) {
      run.record(cpu);
    }
    try (BackendModel device = new TornadoModel(config, weights, 1L << 32, 1L << 32)) {
      assertThat(run.error(device, 1)).as("alone").isLessThan(TOLERANCE);
      assertThat(run.error(device, BATCH)).as("in a batch").isLessThan(TOLERANCE);
      assertThat(run.errorOnBoth(device)).as("on both").isLessThan(TOLERANCE);
    }
  }

  /** Faults that a tolerance might hide. */
  enum Fault {
    /** A thousandth. */
    ROUTER_SCALE,
    /** A hundredth. */
    ROPE_BASE,
    /** One of each expert of a layer. */
    WEIGHT
  }

  @ParameterizedTest
  @EnumSource
  void noneIsTooSmallToBeFound(Fault fault) {
    Facts facts = families().filter(f -> f.name().equals("deepseek2")).findFirst().orElseThrow();
    ModelConfig config = config(facts);
    ModelWeights weights = weights(config, facts);
    ModelWeights exact = ExactWeights.of(weights);
    var run = new TeacherForced(config, exact, POSITIONS, KvType.F32, TOLERANCE);
    try (BackendModel cpu = new CpuBackend().open(config, exact, 2)) {
      run.record(cpu);
      assertThat(run.error(cpu, 1)).isZero();
    }
    ModelWeights changed = fault == Fault.WEIGHT ? changed(ExactWeights.of(weights)) : exact;
    try (BackendModel cpu = new CpuBackend().open(config(facts, fault), changed, 2)) {
      assertThatThrownBy(() -> assertThat(run.error(cpu, 1)).isLessThan(TOLERANCE))
          .isInstanceOf(AssertionError.class);
    }
  }

  /** The same weights, some of them changed. */
  private static ModelWeights changed(ModelWeights weights) {
    var routed = (FeedForward.Routed) weights.layers().getLast().feedForward();
    for (Matrix matrix : routed.experts().down()) {
      MemorySegment down = matrix.data();
      down.set(ValueLayout.JAVA_FLOAT, 0, down.get(ValueLayout.JAVA_FLOAT, 0) + 0.1f);
    }
    return weights;
  }

  private static ModelConfig config(Facts facts, Fault fault) {
    ModelConfig config = config(facts);
    RouterConfig router = facts.moe().router();
    float scale = fault == Fault.ROUTER_SCALE ? 1.001f * router.scale() : router.scale();
    float base = fault == Fault.ROPE_BASE ? 10_100f : 10_000f;
    return new ModelConfig(
        config.name(),
        config.family(),
        config.layers(),
        config.embedding(),
        config.attention(),
        config.feedForward(),
        new MoeConfig(
            config.experts(),
            config.expertsUsed(),
            EXPERT_WIDTH,
            config.moe().sharedFeedForward(),
            config.moe().leadingDense(),
            new RouterConfig(
                router.score(),
                router.renormalized(),
                scale,
                router.groups(),
                router.groupsUsed())),
        config.vocabulary(),
        config.contextLength(),
        config.normEpsilon(),
        new RopeConfig(RopeStyle.NEOX, 32, base, 1f, new float[0]),
        config.scales());
  }

  private static ModelConfig config(Facts facts) {
    var family =
        new Family(
            Families.of("llama", "random").architecture(),
            RopeStyle.NEOX,
            QueryKeyNorm.NONE,
            facts.moe().router(),
            facts.activation(),
            Set.of());
    return new ModelConfig(
        "random",
        family,
        LAYERS,
        WIDTH,
        AttentionConfig.of(2, 1, 32),
        facts.moe().leadingDense() > 0 ? 160 : 0,
        facts.moe(),
        VOCABULARY,
        128,
        1e-5f,
        new RopeConfig(RopeStyle.NEOX, 32, 10_000f, 1f, new float[0]),
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
    int experts = facts.moe().experts();
    int shared = facts.moe().sharedFeedForward();
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
