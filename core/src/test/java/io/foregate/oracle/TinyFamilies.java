package io.foregate.oracle;

import static io.foregate.gguf.GgmlType.F32;
import static io.foregate.gguf.GgmlType.MXFP4;
import static io.foregate.gguf.GgmlType.Q4_K;
import static io.foregate.gguf.GgmlType.Q8_0;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufValue;
import io.foregate.oracle.TinyArchitecture.Part;
import io.foregate.oracle.TinyModel.Attention;
import io.foregate.oracle.TinyModel.FeedForward;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Models of architectures other than plain {@code llama}: each in F32 and with quantized experts,
 * and past the limits that a sliding window or a scaled RoPE has.
 */
public final class TinyFamilies {
  public static final Map<String, GgufValue> GRANITE =
      Map.of(
          "embedding_scale", new GgufValue.F32(1.5f),
          "residual_scale", new GgufValue.F32(0.6f),
          "attention.scale", new GgufValue.F32(0.1f),
          "logit_scale", new GgufValue.F32(0.8f));

  /** Fewer positions than are compared. */
  private static final Map<String, GgufValue> YARN =
      Map.of(
          "rope.scaling.type", new GgufValue.Str("yarn"),
          "rope.scaling.factor", new GgufValue.F32(4),
          "rope.scaling.original_context_length", new GgufValue.U32(32));

  public static final TinyArchitecture PHI =
      TinyArchitecture.of(
              "phimoe",
              Part.QKV_BIAS,
              Part.ATTENTION_OUTPUT_BIAS,
              Part.NORM_BIAS,
              Part.LOGITS_BIAS,
              Part.LONG_ROPE)
          .with(longRope(TinyModel.CONTEXT));

  /** The window ends within the positions that are compared, and so does YaRN's first context. */
  public static final TinyArchitecture GPT_OSS =
      TinyArchitecture.of(
              "gpt-oss",
              Part.QKV_BIAS,
              Part.ATTENTION_OUTPUT_BIAS,
              Part.EXPERT_WIDTH,
              Part.EXPERT_BIAS,
              Part.SINKS,
              Part.POST_ATTENTION_NORM)
          .with(
              Map.of(
                  "attention.sliding_window", new GgufValue.U32(24),
                  "rope.scaling.type", new GgufValue.Str("yarn"),
                  "rope.scaling.factor", new GgufValue.F32(4),
                  "rope.scaling.original_context_length", new GgufValue.U32(32)));

  /** Width of experts in F32: other than the model's, and no power of two. */
  private static final int WIDTH = 96;

  private TinyFamilies() {}

  static List<TinyModel> all() {
    List<TinyModel> models = new ArrayList<>();
    for (TinyArchitecture dense : dense()) {
      models.add(TinyModel.dense(dense.name() + "-f32", F32).with(dense));
      models.add(TinyModel.dense(dense.name() + "-q8_0", Q8_0).with(dense));
    }
    for (TinyArchitecture mixture : mixtures()) {
      models.add(mixture(mixture.name() + "-f32", F32, F32, WIDTH).with(mixture));
      models.add(mixture(mixture.name() + "-q4_k", Q8_0, Q4_K, 256).with(mixture));
    }
    models.addAll(shapes());
    return List.copyOf(models);
  }

  /** Eight experts, three of them used, in layers of multi-head attention. */
  private static TinyModel mixture(String name, GgmlType type, GgmlType experts, int width) {
    return TinyModel.mixture(name, type)
        .with(new Attention(type, 4, 4, 64))
        .with(new FeedForward(experts, width, 8, 3, F32));
  }

  private static List<TinyArchitecture> dense() {
    return List.of(
        TinyArchitecture.of("qwen2", Part.QKV_BIAS), TinyArchitecture.of("qwen3", Part.HEAD_NORM));
  }

  private static List<TinyArchitecture> mixtures() {
    return List.of(
        TinyArchitecture.of("qwen3moe", Part.HEAD_NORM, Part.EXPERT_WIDTH),
        TinyArchitecture.of("olmoe", Part.WIDTH_NORM),
        TinyArchitecture.of(
            "qwen2moe", Part.QKV_BIAS, Part.EXPERT_WIDTH, Part.SHARED_EXPERT, Part.SHARED_GATE),
        TinyArchitecture.of("granitemoe").with(GRANITE),
        PHI,
        GPT_OSS);
  }

  /** One fact changed at a time. */
  private static List<TinyModel> shapes() {
    List<TinyModel> models = new ArrayList<>();
    models.add(
        TinyModel.dense("llama-biases", F32)
            .with(TinyArchitecture.of("llama", Part.QKV_BIAS, Part.ATTENTION_OUTPUT_BIAS)));
    models.add(
        TinyModel.dense("llama-rope-linear", F32)
            .with(
                TinyArchitecture.LLAMA.with(
                    Map.of(
                        "rope.scaling.type", new GgufValue.Str("linear"),
                        "rope.scaling.factor", new GgufValue.F32(4)))));
    models.add(TinyModel.dense("llama-rope-yarn", F32).with(TinyArchitecture.LLAMA.with(YARN)));
    models.add(
        mixture("qwen3moe-grouped-queries", F32, F32, WIDTH)
            .with(new Attention(F32, 8, 2, 32))
            .with(TinyArchitecture.of("qwen3moe", Part.HEAD_NORM, Part.EXPERT_WIDTH).with(YARN)));
    models.add(
        mixture("granitemoe-shared", F32, F32, WIDTH)
            .with(TinyArchitecture.of("granitemoe", Part.SHARED_EXPERT).with(GRANITE)));
    models.add(
        mixture("phimoe-long-context", F32, F32, WIDTH)
            .with(PHI.with(longRope(TinyModel.CONTEXT / 4))));
    // As its authors publish it.
    models.add(mixture("gpt-oss-mxfp4", Q8_0, MXFP4, WIDTH).with(GPT_OSS));
    return models;
  }

  private static Map<String, GgufValue> longRope(int originalContext) {
    return Map.of(
        "rope.scaling.original_context_length", new GgufValue.U32(originalContext),
        "rope.scaling.attn_factor", new GgufValue.F32(1.2f));
  }
}
