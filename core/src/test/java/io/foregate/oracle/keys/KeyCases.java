package io.foregate.oracle.keys;

import static io.foregate.gguf.GgmlType.F32;

import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufValue;
import io.foregate.oracle.TinyArchitecture;
import io.foregate.oracle.TinyArchitecture.Part;
import io.foregate.oracle.TinyDeepSeek;
import io.foregate.oracle.TinyDeltaNets;
import io.foregate.oracle.TinyFamilies;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModel.Attention;
import io.foregate.oracle.TinyModel.FeedForward;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What files may say: a tiny model of every architecture, with each of its metadata dropped and
 * changed in turn, and each key that llama.cpp knows beside them added. What llama.cpp makes of
 * them is in a golden file (scripts/oracle/check-keys).
 */
final class KeyCases {
  /** Tokens enough for gpt-oss's window to end and YaRN's first context to be passed. */
  static final int TOKENS = 40;

  private static final String TOKENIZER = "tokenizer.";

  /** The base of which other types of values are tried, too. */
  private static final String THOROUGH = "keys-llama-moe";

  /** Keys without effect on probabilities, or of which other tests tell what they do. */
  private static final List<String> LEFT_ALONE =
      List.of("general.architecture", "general.name", "tokenizer.ggml.model");

  private KeyCases() {}

  /** The models whose files are changed. */
  static List<TinyModel> bases() {
    List<TinyModel> bases = new ArrayList<>();
    bases.add(base("llama", 0, TinyArchitecture.LLAMA));
    bases.add(base("llama-moe", 4, TinyArchitecture.LLAMA));
    bases.add(base("qwen2", 0, TinyArchitecture.of("qwen2", Part.QKV_BIAS)));
    bases.add(base("qwen3", 0, TinyArchitecture.of("qwen3", Part.HEAD_NORM)));
    bases.add(
        base("qwen3moe", 4, TinyArchitecture.of("qwen3moe", Part.HEAD_NORM, Part.EXPERT_WIDTH)));
    bases.add(
        base(
            "qwen2moe",
            4,
            TinyArchitecture.of(
                "qwen2moe",
                Part.QKV_BIAS,
                Part.EXPERT_WIDTH,
                Part.SHARED_EXPERT,
                Part.SHARED_GATE)));
    bases.add(base("olmoe", 4, TinyArchitecture.of("olmoe", Part.WIDTH_NORM)));
    bases.add(
        base(
            "granitemoe-shared",
            4,
            TinyArchitecture.of("granitemoe", Part.SHARED_EXPERT).with(TinyFamilies.GRANITE)));
    bases.add(base("phimoe", 4, TinyFamilies.PHI));
    bases.add(base("gpt-oss", 4, TinyFamilies.GPT_OSS));
    bases.add(TinyDeepSeek.lite("keys-deepseek2-lite", 3, Map.of()));
    bases.add(TinyDeepSeek.grouped("keys-deepseek2", Map.of()));
    return bases;
  }

  /** Models that the table of keys is held to, though llama.cpp has not been asked of them. */
  static List<TinyModel> deltaNets() {
    return List.of(
        base("qwen3next", 4, TinyDeltaNets.next("", Map.of()).architecture()),
        base("qwen35moe", 4, TinyDeltaNets.qwen35moe("", Map.of()).architecture()),
        base("qwen35", 0, TinyDeltaNets.qwen35("", Map.of()).architecture()));
  }

  private static TinyModel base(String name, int experts, TinyArchitecture architecture) {
    // Multi-head where queries and keys are normalized over all heads, else grouped.
    int kvHeads = architecture.has(Part.WIDTH_NORM) ? 4 : 2;
    return TinyModel.dense("keys-" + name, F32)
        .with(new Attention(F32, 4, kvHeads, 64))
        .with(new FeedForward(F32, 32, experts, experts / 2, F32))
        .with(architecture);
  }

  /**
   * Every change of one of the bases, the file itself first.
   *
   * @param original a file of the base
   */
  static List<KeyCase> of(TinyModel base, GgufFile original) {
    var cases = new LinkedHashMap<String, KeyCase>();
    add(cases, KeyCase.of(base, "as-it-is", Map.of()));
    GgufMetadata metadata = original.metadata();
    String prefix = base.architecture().name() + ".";
    for (String key : metadata.keys()) {
      if (!LEFT_ALONE.contains(key)) {
        add(cases, KeyCase.of(base, "without_" + key, Map.of(key, Optional.empty())));
        if (!key.startsWith(TOKENIZER)) {
          changed(base, key, metadata.get(key).orElseThrow()).forEach(c -> add(cases, c));
        }
      }
    }
    for (Map.Entry<String, Map<String, GgufValue>> more : KeyAdditions.all().entrySet()) {
      var values = new LinkedHashMap<String, Optional<GgufValue>>();
      more.getValue().forEach((name, value) -> values.put(prefix + name, Optional.of(value)));
      add(cases, KeyCase.of(base, "with_" + more.getKey(), values));
    }
    KeyAdditions.widths(base, prefix).forEach(c -> add(cases, c));
    KeyAdditions.tensors(base).forEach(c -> add(cases, c));
    return List.copyOf(cases.values());
  }

  private static void add(Map<String, KeyCase> cases, KeyCase some) {
    if (cases.put(some.name(), some) != null) {
      throw new IllegalStateException("two cases named " + some.name());
    }
  }

  private static List<KeyCase> changed(TinyModel base, String key, GgufValue value) {
    List<KeyCase> cases = new ArrayList<>();
    switch (value) {
      case GgufValue.U32(long number) -> {
        cases.add(change(base, key, "zero", new GgufValue.U32(0)));
        cases.add(change(base, key, "half", new GgufValue.U32(number / 2)));
        cases.add(change(base, key, "twice", new GgufValue.U32(2 * number)));
        int[] layers = new int[base.architecture().layers()];
        Arrays.fill(layers, (int) number);
        cases.add(change(base, key, "per-layer", GgufArray.ofInts(layers)));
        if (base.name().equals(THOROUGH)) {
          cases.add(change(base, key, "more", new GgufValue.U32(number + 1)));
          cases.add(change(base, key, "as-i32", new GgufValue.I32((int) number)));
          cases.add(change(base, key, "as-u64", new GgufValue.U64(number)));
          int[] longer = Arrays.copyOf(layers, layers.length + 1);
          cases.add(change(base, key, "too-many-layers", GgufArray.ofInts(longer)));
        }
        layers[layers.length - 1] *= 2;
        cases.add(change(base, key, "layers-differ", GgufArray.ofInts(layers)));
      }
      case GgufValue.F32(float number) -> {
        cases.add(change(base, key, "zero", new GgufValue.F32(0)));
        cases.add(change(base, key, "half", new GgufValue.F32(number / 2)));
        if (base.name().equals(THOROUGH)) {
          cases.add(change(base, key, "negative", new GgufValue.F32(-number)));
          cases.add(change(base, key, "as-f64", new GgufValue.F64(number)));
        }
      }
      case GgufValue.Bool(boolean truth) ->
          cases.add(change(base, key, "not", new GgufValue.Bool(!truth)));
      default -> {}
    }
    return cases;
  }

  private static KeyCase change(TinyModel base, String key, String how, GgufValue value) {
    return KeyCase.of(base, key + "_" + how, Map.of(key, Optional.of(value)));
  }
}
