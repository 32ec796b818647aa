package io.foregate.oracle;

import static io.foregate.gguf.GgmlType.BF16;
import static io.foregate.gguf.GgmlType.F16;
import static io.foregate.gguf.GgmlType.F32;
import static io.foregate.gguf.GgmlType.IQ1_M;
import static io.foregate.gguf.GgmlType.IQ1_S;
import static io.foregate.gguf.GgmlType.IQ2_S;
import static io.foregate.gguf.GgmlType.IQ2_XS;
import static io.foregate.gguf.GgmlType.IQ2_XXS;
import static io.foregate.gguf.GgmlType.IQ3_S;
import static io.foregate.gguf.GgmlType.IQ3_XXS;
import static io.foregate.gguf.GgmlType.IQ4_NL;
import static io.foregate.gguf.GgmlType.IQ4_XS;
import static io.foregate.gguf.GgmlType.MXFP4;
import static io.foregate.gguf.GgmlType.Q2_K;
import static io.foregate.gguf.GgmlType.Q3_K;
import static io.foregate.gguf.GgmlType.Q4_0;
import static io.foregate.gguf.GgmlType.Q4_1;
import static io.foregate.gguf.GgmlType.Q4_K;
import static io.foregate.gguf.GgmlType.Q5_0;
import static io.foregate.gguf.GgmlType.Q5_1;
import static io.foregate.gguf.GgmlType.Q5_K;
import static io.foregate.gguf.GgmlType.Q6_K;
import static io.foregate.gguf.GgmlType.Q8_0;
import static io.foregate.gguf.GgmlType.TQ1_0;
import static io.foregate.gguf.GgmlType.TQ2_0;

import io.foregate.gguf.GgmlType;
import io.foregate.oracle.TinyModel.Attention;
import io.foregate.oracle.TinyModel.FeedForward;
import io.foregate.oracle.TinyModel.Rope;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The models that Foregate and llama.cpp are compared on. */
final class TinyModels {
  /** The quantized types, in an order that pairs each with one of another family. */
  private static final List<GgmlType> QUANTIZED =
      List.of(Q8_0, Q2_K, Q4_0, Q3_K, Q4_1, Q4_K, Q5_0, Q5_K, Q5_1, Q6_K);

  /** The types of codebooks and ternary numbers, paired in the same way. */
  private static final List<GgmlType> CODEBOOK =
      List.of(
          MXFP4, IQ4_XS, IQ4_NL, IQ3_S, IQ2_XXS, IQ3_XXS, IQ2_S, IQ1_M, IQ2_XS, TQ1_0, IQ1_S,
          TQ2_0);

  private TinyModels() {}

  static List<TinyModel> all() {
    List<TinyModel> models = new ArrayList<>();
    for (GgmlType type : List.of(F32, F16, BF16)) {
      models.add(TinyModel.dense(name("dense", type), type));
      models.add(TinyModel.mixture(name("moe", type), type));
    }
    models.addAll(paired(QUANTIZED));
    models.addAll(paired(CODEBOOK));
    models.addAll(shapes());
    models.addAll(TinyFamilies.all());
    models.addAll(TinyDeepSeek.all());
    models.addAll(TinyDeltaNets.all());
    return List.copyOf(models);
  }

  /** A dense model of each type, and a mixture of it with the next one's attention. */
  private static List<TinyModel> paired(List<GgmlType> types) {
    List<TinyModel> models = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      GgmlType type = types.get(i);
      GgmlType other = types.get((i + 1) % types.size());
      models.add(TinyModel.dense(name("dense", type), type));
      models.add(TinyModel.mixture(name("moe", type), type).with(new Attention(other, 4, 2, 64)));
    }
    return models;
  }

  /** One fact of the architecture changed at a time, mostly in F32, for the narrow tolerance. */
  private static List<TinyModel> shapes() {
    return List.of(
        TinyModel.mixture("moe-8-experts", F32).with(new FeedForward(F32, 96, 8, 2, F32)),
        TinyModel.mixture("moe-8-experts-top-1", F32).with(new FeedForward(F32, 96, 8, 1, F32)),
        TinyModel.mixture("moe-all-experts", F32).with(new FeedForward(F32, 96, 4, 4, F32)),
        TinyModel.mixture("moe-f16-router", F32).with(new FeedForward(F32, 96, 4, 2, F16)),
        TinyModel.mixture("moe-narrow-q8_0", Q8_0).with(new FeedForward(Q8_0, 96, 8, 2, F32)),
        TinyModel.mixture("moe-narrow-q4_0", Q4_0).with(new FeedForward(Q4_0, 96, 8, 2, F32)),
        TinyModel.mixture("moe-multi-head", F32).with(new Attention(F32, 4, 4, 64)),
        TinyModel.mixture("moe-multi-query", F32).with(new Attention(F32, 8, 1, 32)),
        TinyModel.mixture("moe-narrow-heads", F32).with(new Attention(F32, 4, 2, 32)),
        TinyModel.mixture("moe-tied", F32).withTiedOutput(),
        TinyModel.mixture("moe-tied-q8_0", Q8_0).withTiedOutput(),
        TinyModel.dense("dense-tied-q6_k", Q6_K).withTiedOutput(),
        TinyModel.mixture("moe-rope-base", F32).with(new Rope(1e6f, false)),
        TinyModel.dense("dense-rope-factors", F32).with(new Rope(500000f, true)));
  }

  private static String name(String kind, GgmlType type) {
    return kind + "-" + type.name().toLowerCase(Locale.ROOT);
  }
}
