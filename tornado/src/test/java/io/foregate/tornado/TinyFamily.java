package io.foregate.tornado;

import io.foregate.gguf.GgmlType;
import io.foregate.model.ActivationFunction;
import io.foregate.model.AttentionConfig;
import io.foregate.model.Families;
import io.foregate.model.Family;
import io.foregate.model.LatentConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.MoeConfig;
import io.foregate.model.QueryKeyNorm;
import io.foregate.model.RopeConfig;
import io.foregate.model.RouterConfig;
import io.foregate.model.RouterScore;
import io.foregate.model.Scales;
import io.foregate.model.SlidingWindow;
import io.foregate.model.Trait;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.ExpertBiases;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.model.weights.Norm;
import io.foregate.tornado.kernels.TestMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A small model of random weights of a family, or with a family's attention and dense feed-forward
 * blocks. Weights are f32 and f16, which neither backend rounds.
 */
record TinyFamily(ModelConfig config, ModelWeights weights) {
  private static final int WIDTH = 64;
  private static final int HIDDEN = 96;
  private static final int HEADS = 4;
  private static final int KV_HEADS = 2;
  private static final int LAYERS = 4;
  private static final int EXPERTS = 6;
  private static final int USED = 3;
  private static final int VOCABULARY = 50;

  /** No two sizes are equal, and planes hold no rows as long as these latents. */
  private static final LatentConfig LITE = new LatentConfig(0, 40, 28, 16, 20);

  private static final LatentConfig LOW_RANK = new LatentConfig(48, 96, 32, 16, 24);

  /** Positions that a layer with a sliding window sees. */
  static final int WINDOW = 20;

  /** Positions that models whose context was extended were trained for. */
  private static final int ORIGINAL_CONTEXT = 32;

  /**
   * A family's attention by its architecture's name, for sequences of so many positions, with dense
   * feed-forward blocks of SwiGLU.
   */
  static TinyFamily dense(String architecture, int context) {
    return of(withSilu(Families.of(architecture, architecture)), LITE, MoeConfig.NONE, context);
  }

  /** All of a family with experts. */
  static TinyFamily routed(String architecture, int context) {
    Family family = Families.of(architecture, architecture);
    int shared = family.has(Trait.SHARED_EXPERT) ? HIDDEN : 0;
    var moe = new MoeConfig(EXPERTS, USED, HIDDEN, shared, 0, family.router());
    return of(family, LITE, moe, context);
  }

  /**
   * Latent attention as in later models and files than DeepSeek-V2-Lite's: queries of low rank,
   * maps of keys that are not to be transposed, a dense layer first, and routers that score with a
   * sigmoid and pick by biased scores from some groups.
   */
  static TinyFamily lowRank(int context) {
    var router = new RouterConfig(RouterScore.SIGMOID, true, 1.5f, 3, 2);
    var moe = new MoeConfig(EXPERTS, USED, HIDDEN, HIDDEN, 1, router);
    return of(Families.of("deepseek2", "deepseek2"), LOW_RANK, moe, context);
  }

  private static TinyFamily of(Family family, LatentConfig latent, MoeConfig moe, int context) {
    String architecture = family.architecture();
    int keySize = architecture.equals("llama") ? 24 : 16;
    int valueSize = architecture.equals("llama") ? 12 : 16;
    boolean granite = architecture.equals("granitemoe");
    boolean windows = family.has(Trait.ALTERNATING_WINDOW);
    var grouped =
        new AttentionConfig(
            HEADS,
            KV_HEADS,
            keySize,
            valueSize,
            granite ? 0.1f : (float) (1 / Math.sqrt(keySize)),
            windows ? new SlidingWindow(WINDOW, 2) : SlidingWindow.NONE);
    AttentionConfig facts = family.has(Trait.LATENT_ATTENTION) ? latent(latent) : grouped;
    var config =
        new ModelConfig(
            architecture,
            family,
            LAYERS,
            WIDTH,
            facts,
            HIDDEN,
            moe,
            VOCABULARY,
            256,
            1e-5f,
            rope(family, keySize),
            granite ? new Scales(3f, 0.4f, 0.25f) : Scales.NONE);
    return new TinyFamily(config.at(context), new Weights(config).model());
  }

  private static AttentionConfig latent(LatentConfig latent) {
    return new AttentionConfig(
        HEADS,
        1,
        latent.rank() + latent.rotated(),
        latent.rank(),
        (float) (1.3 / Math.sqrt(latent.querySize())),
        SlidingWindow.NONE,
        Optional.of(latent));
  }

  private static Family withSilu(Family family) {
    return new Family(
        family.architecture(),
        family.rope(),
        family.queryKeyNorm(),
        family.router(),
        ActivationFunction.SILU,
        family.traits());
  }

  private static RopeConfig rope(Family family, int headSize) {
    float[] divisors = {1f, 1.5f, 2f, 3f, 4f, 5f, 6f, 8f};
    int dimensions = 2 * divisors.length; // of llama's heads, a part
    return switch (family.architecture()) {
      case "llama" -> new RopeConfig(family.rope(), dimensions, 10_000f, 1f, divisors);
      case "phimoe" -> {
        var longer = new RopeConfig.LongContext(ORIGINAL_CONTEXT, divisors);
        yield new RopeConfig(
            family.rope(),
            dimensions,
            10_000f,
            1f,
            new float[] {1, 1, 1, 1, 1, 1, 1, 1},
            1.19f,
            Optional.empty(),
            Optional.of(longer));
      }
      case "gpt-oss" -> {
        var yarn = new RopeConfig.Yarn(ORIGINAL_CONTEXT, 32f, 1f);
        yield new RopeConfig(
            family.rope(),
            headSize,
            150f,
            1 / 8f,
            new float[0],
            1.2f,
            Optional.of(yarn),
            Optional.empty());
      }
      case "deepseek2" -> {
        var yarn = new RopeConfig.Yarn(ORIGINAL_CONTEXT, 32f, 1f);
        yield new RopeConfig(
            family.rope(),
            LITE.rotated(),
            10_000f,
            1 / 8f,
            new float[0],
            0.9f,
            Optional.of(yarn),
            Optional.empty());
      }
      default -> new RopeConfig(family.rope(), headSize, 10_000f, 1f, new float[0]);
    };
  }

  /** Draws them. */
  private static final class Weights {
    private final ModelConfig config;
    private final Family family;
    private final Random random = new Random(5);

    Weights(ModelConfig config) {
      this.config = config;
      this.family = config.family();
    }

    ModelWeights model() {
      List<LayerWeights> layers = new ArrayList<>();
      for (int layer = 0; layer < LAYERS; layer++) {
        layers.add(
            new LayerWeights(
                norm(WIDTH, family.has(Trait.NORM_BIAS)),
                family.has(Trait.LATENT_ATTENTION) ? latent() : attention(),
                norm(WIDTH, family.has(Trait.NORM_BIAS)),
                config.isRouted(layer) ? routed() : network()));
      }
      return new ModelWeights(
          matrix(GgmlType.F32, VOCABULARY, WIDTH),
          layers,
          norm(WIDTH, family.has(Trait.NORM_BIAS)),
          linear(VOCABULARY, WIDTH, family.has(Trait.LOGITS_BIAS)));
    }

    private FeedForward.Dense network() {
      return new FeedForward.Dense(
          matrix(GgmlType.F16, HIDDEN, WIDTH),
          matrix(GgmlType.F16, HIDDEN, WIDTH),
          matrix(GgmlType.F16, WIDTH, HIDDEN));
    }

    private FeedForward routed() {
      boolean biased = family.has(Trait.EXPERT_BIAS);
      boolean grouped = config.moe().router().groups() > 1;
      var experts =
          new ExpertTensors(experts(HIDDEN, WIDTH), experts(HIDDEN, WIDTH), experts(WIDTH, HIDDEN));
      var biases =
          new ExpertBiases(
              TestMatrix.floats(EXPERTS * HIDDEN, random),
              TestMatrix.floats(EXPERTS * HIDDEN, random),
              TestMatrix.floats(EXPERTS * WIDTH, random));
      return new FeedForward.Routed(
          linear(EXPERTS, WIDTH, biased),
          grouped ? TestMatrix.floats(EXPERTS, random) : new float[0],
          experts,
          biased ? biases : ExpertBiases.NONE,
          family.has(Trait.SHARED_EXPERT) ? Optional.of(shared()) : Optional.empty());
    }

    private FeedForward.Shared shared() {
      float[] gate =
          family.has(Trait.SHARED_GATE) ? TestMatrix.floats(WIDTH, random) : new float[0];
      return new FeedForward.Shared(network(), gate);
    }

    private List<Matrix> experts(int rows, int columns) {
      return stack(GgmlType.F16, EXPERTS, rows, columns);
    }

    private List<Matrix> stack(GgmlType type, int count, int rows, int columns) {
      return Stream.generate(() -> matrix(type, rows, columns)).limit(count).toList();
    }

    private AttentionWeights latent() {
      LatentConfig facts = config.attention().latent().orElseThrow();
      boolean low = facts.queryRank() > 0;
      GgmlType type = low ? GgmlType.F16 : GgmlType.F32;
      int keyRows = low ? facts.rank() : facts.keySize();
      int keyColumns = low ? facts.keySize() : facts.rank();
      return new AttentionWeights.Latent(
          low ? Optional.of(lowRank(facts.queryRank())) : Optional.empty(),
          matrix(GgmlType.F32, HEADS * facts.querySize(), low ? facts.queryRank() : WIDTH),
          matrix(GgmlType.F32, facts.rank() + facts.rotated(), WIDTH),
          norm(facts.rank(), false),
          new AttentionWeights.KeyMaps(stack(type, HEADS, keyRows, keyColumns), !low),
          stack(type, HEADS, facts.valueSize(), facts.rank()),
          linear(WIDTH, config.attendedSize(), false));
    }

    private AttentionWeights.LowRank lowRank(int rank) {
      return new AttentionWeights.LowRank(matrix(GgmlType.F32, rank, WIDTH), norm(rank, false));
    }

    private AttentionWeights attention() {
      boolean biased = family.has(Trait.QKV_BIAS);
      return new AttentionWeights.Grouped(
          linear(config.querySize(), WIDTH, biased),
          linear(config.kvSize(), WIDTH, biased),
          linear(config.valueSize(), WIDTH, biased),
          linear(WIDTH, config.attendedSize(), family.has(Trait.ATTENTION_OUTPUT_BIAS)),
          queryKeyNorm(config.querySize()),
          queryKeyNorm(config.kvSize()),
          family.has(Trait.SINKS) ? TestMatrix.floats(HEADS, random) : new float[0]);
    }

    private Norm queryKeyNorm(int all) {
      return switch (family.queryKeyNorm()) {
        case QueryKeyNorm.NONE -> Norm.NONE;
        case QueryKeyNorm.HEAD -> norm(config.headSize(), false);
        case QueryKeyNorm.ALL_HEADS -> norm(all, false);
      };
    }

    private Norm norm(int size, boolean biased) {
      float[] weight = TestMatrix.floats(size, random);
      for (int i = 0; i < size; i++) {
        weight[i] = 1 + 0.3f * weight[i];
      }
      return new Norm(weight, biased ? TestMatrix.floats(size, random) : new float[0]);
    }

    private Linear linear(int rows, int columns, boolean biased) {
      float[] bias = biased ? TestMatrix.floats(rows, random) : new float[0];
      return new Linear(matrix(GgmlType.F32, rows, columns), bias);
    }

    private Matrix matrix(GgmlType type, int rows, int columns) {
      float scale = (float) (1.5 / Math.sqrt(columns));
      return TestMatrix.random(type, rows, columns, scale, random).matrix();
    }
  }
}
