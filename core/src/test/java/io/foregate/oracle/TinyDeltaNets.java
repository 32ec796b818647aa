package io.foregate.oracle;

import static io.foregate.gguf.GgmlType.F32;
import static io.foregate.gguf.GgmlType.Q4_K;
import static io.foregate.gguf.GgmlType.Q8_0;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import io.foregate.oracle.TinyArchitecture.Part;
import io.foregate.oracle.TinyModel.Attention;
import io.foregate.oracle.TinyModel.FeedForward;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Models with gated delta nets: Qwen3-Next, in which value heads share key heads as neighbours, and
 * Qwen3.5, in which they take them in turns. Both gate attention's output and rotate a quarter of
 * each head.
 */
public final class TinyDeltaNets {
  private static final TinyDelta NEXT = new TinyDelta(false, true);
  private static final TinyDelta APART = new TinyDelta(false, false);

  /** Pairs of a head that images would rotate by time, height and width. */
  private static final Map<String, GgufValue> SECTIONS =
      Map.of("rope.dimension_sections", GgufArray.ofInts(new int[] {3, 3, 2, 0}));

  private static final Map<String, GgufValue> EVERY_OTHER =
      Map.of("full_attention_interval", new GgufValue.U32(2));

  private static final Part[] MIXTURE = {Part.EXPERT_WIDTH, Part.SHARED_EXPERT, Part.SHARED_GATE};

  private TinyDeltaNets() {}

  static List<TinyModel> all() {
    TinyArchitecture next = next(NEXT, EVERY_OTHER);
    TinyArchitecture qwen35moe = qwenThree("qwen35moe", Map.of(), MIXTURE);
    TinyArchitecture qwen35 = qwenThree("qwen35", Map.of());
    return List.of(
        mixture("qwen3next-f32", F32, F32, 96, next),
        mixture("qwen3next-q4_k", Q8_0, Q4_K, 256, next.with(2)),
        mixture("qwen3next-first-form", F32, F32, 96, next(new TinyDelta(true, true), EVERY_OTHER)),
        // Three of four layers, which is what a file means that says nothing.
        mixture(
            "qwen3next-predicting",
            F32,
            F32,
            96,
            next(NEXT, Map.of())
                .with(NEXT, 4)
                .with(4)
                .plus(Part.PREDICTING_LAYER)
                .plus(Part.FUSED_GATE_UP)),
        mixture("qwen35moe-f32", F32, F32, 96, qwen35moe),
        mixture("qwen35moe-q4_k", Q8_0, Q4_K, 256, qwen35moe.with(2).plus(Part.PREDICTING_LAYER)),
        TinyModel.dense("qwen35-f32", F32).with(qwen35),
        TinyModel.dense("qwen35-q8_0", Q8_0).with(qwen35.with(2).plus(Part.PREDICTING_LAYER)));
  }

  /** As Qwen3-Next, in F32 and with some metadata changed; every other layer has attention. */
  public static TinyModel next(String name, Map<String, GgufValue> changed) {
    return mixture(name, F32, F32, 96, next(NEXT, both(EVERY_OTHER, changed)));
  }

  /** As {@link #next(String, Map)}, of Qwen3.5 with experts. */
  public static TinyModel qwen35moe(String name, Map<String, GgufValue> changed) {
    return mixture(name, F32, F32, 96, qwenThree("qwen35moe", changed, MIXTURE));
  }

  /** Without experts. */
  public static TinyModel qwen35(String name, Map<String, GgufValue> changed) {
    return TinyModel.dense(name, F32).with(qwenThree("qwen35", changed));
  }

  /** As a token needs it that is decoded: of types that users have. */
  public static TinyModel quantized(String name) {
    return mixture(name, Q8_0, Q4_K, 256, next(NEXT, EVERY_OTHER));
  }

  private static TinyArchitecture next(TinyDelta delta, Map<String, GgufValue> metadata) {
    return architecture("qwen3next", metadata, MIXTURE).with(delta, 2);
  }

  private static TinyArchitecture qwenThree(
      String name, Map<String, GgufValue> changed, Part... parts) {
    return architecture(name, both(both(EVERY_OTHER, SECTIONS), changed), parts).with(APART, 2);
  }

  private static TinyArchitecture architecture(
      String name, Map<String, GgufValue> metadata, Part... more) {
    TinyArchitecture architecture =
        TinyArchitecture.of(name, Part.HEAD_NORM, Part.OUTPUT_GATE, Part.POST_ATTENTION_NORM)
            .with(metadata);
    for (Part part : more) {
      architecture = architecture.plus(part);
    }
    return architecture;
  }

  private static Map<String, GgufValue> both(
      Map<String, GgufValue> some, Map<String, GgufValue> changed) {
    var all = new HashMap<>(some);
    all.putAll(changed);
    return all;
  }

  private static TinyModel mixture(
      String name, GgmlType type, GgmlType experts, int width, TinyArchitecture architecture) {
    return TinyModel.mixture(name, type)
        .with(new Attention(type, 4, 2, 64))
        .with(new FeedForward(experts, width, 8, 3, F32))
        .with(architecture);
  }
}
