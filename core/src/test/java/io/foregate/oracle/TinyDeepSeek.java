package io.foregate.oracle;

import static io.foregate.gguf.GgmlType.F32;
import static io.foregate.gguf.GgmlType.Q4_K;
import static io.foregate.gguf.GgmlType.Q8_0;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufValue;
import io.foregate.oracle.TinyArchitecture.Part;
import io.foregate.oracle.TinyModel.Attention;
import io.foregate.oracle.TinyModel.FeedForward;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Models of architecture {@code deepseek2}: as V2-Lite's files are, and as those of later models,
 * whose routers score with a sigmoid, pick by biased scores, and from some groups alone. YaRN's
 * first context ends within the positions that are compared.
 */
public final class TinyDeepSeek {
  private static final TinyLatent JOINT = new TinyLatent(0, false);
  private static final TinyLatent SPLIT = new TinyLatent(128, true);

  private static final Map<String, GgufValue> EXPERTS =
      Map.of(
          "leading_dense_block_count", new GgufValue.U32(1),
          "expert_shared_count", new GgufValue.U32(TinyArchitecture.SHARED_COUNT),
          "expert_weights_scale", new GgufValue.F32(1.5f));

  private static final Map<String, GgufValue> GROUPS =
      Map.of(
          "expert_gating_func", new GgufValue.U32(2),
          "expert_weights_norm", new GgufValue.Bool(true),
          "expert_group_count", new GgufValue.U32(4),
          "expert_group_used_count", new GgufValue.U32(2));

  private static final Map<String, GgufValue> YARN =
      Map.of(
          "rope.scaling.type", new GgufValue.Str("yarn"),
          "rope.scaling.factor", new GgufValue.F32(8),
          "rope.scaling.original_context_length", new GgufValue.U32(32));

  private static final Map<String, GgufValue> MULTIPLIER =
      Map.of("rope.scaling.yarn_log_multiplier", new GgufValue.F32(0.0707f));

  private TinyDeepSeek() {}

  static List<TinyModel> all() {
    return List.of(
        lite("deepseek2-f32", F32, F32, 96),
        lite("deepseek2-q4_k", Q8_0, Q4_K, 256),
        grouped("deepseek2-groups-f32", Map.of()),
        grouped("deepseek2-groups-q4_k", Q8_0, Q4_K, 256, Map.of()),
        model("deepseek2-plain", F32, F32, 96, architecture(new TinyLatent(0, true))),
        model("deepseek2-yarn", F32, F32, 96, architecture(new TinyLatent(128, false), YARN)));
  }

  /** As DeepSeek-V2-Lite: joint maps, queries of the residual, softmax. */
  public static TinyModel lite(String name, GgmlType type, GgmlType experts, int width) {
    return model(name, type, experts, width, architecture(JOINT, YARN, MULTIPLIER));
  }

  /** As {@link #lite} in F32, of so many layers and with some metadata changed. */
  public static TinyModel lite(String name, int layers, Map<String, GgufValue> changed) {
    return model(name, F32, F32, 96, architecture(JOINT, YARN, MULTIPLIER, changed).with(layers));
  }

  /** Split maps, queries of low rank, and routers that pick from groups; in F32. */
  public static TinyModel grouped(String name, Map<String, GgufValue> changed) {
    return grouped(name, F32, F32, 96, changed);
  }

  private static TinyModel grouped(
      String name, GgmlType type, GgmlType experts, int width, Map<String, GgufValue> changed) {
    TinyArchitecture architecture = architecture(SPLIT, YARN, MULTIPLIER, GROUPS, changed);
    return model(name, type, experts, width, architecture.plus(Part.SELECTION_BIAS));
  }

  @SafeVarargs
  private static TinyArchitecture architecture(
      TinyLatent latent, Map<String, GgufValue>... metadata) {
    var all = new TreeMap<String, GgufValue>(EXPERTS);
    for (Map<String, GgufValue> some : metadata) {
      all.putAll(some);
    }
    return TinyArchitecture.of(
            "deepseek2", Part.EXPERT_WIDTH, Part.LEADING_DENSE, Part.SHARED_EXPERTS)
        .with(all)
        .with(latent);
  }

  private static TinyModel model(
      String name, GgmlType type, GgmlType experts, int width, TinyArchitecture architecture) {
    return TinyModel.mixture(name, type)
        .with(new Attention(type, 4, 4, TinyLatent.VALUE))
        .with(new FeedForward(experts, width, 8, 3, F32))
        .with(architecture);
  }
}
