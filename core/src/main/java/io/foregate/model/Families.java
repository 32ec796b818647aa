package io.foregate.model;

import static io.foregate.model.QueryKeyNorm.ALL_HEADS;
import static io.foregate.model.QueryKeyNorm.HEAD;
import static io.foregate.model.QueryKeyNorm.NONE;
import static io.foregate.model.RopeStyle.NEOX;
import static io.foregate.model.RopeStyle.NORM;

import io.foregate.error.ForegateException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The families that run. */
public final class Families {
  private static final RouterConfig SOFTMAX = RouterConfig.of(RouterScore.SOFTMAX, false);
  private static final RouterConfig RENORMALIZED = RouterConfig.of(RouterScore.SOFTMAX, true);

  private static final Map<String, Family> KNOWN =
      List.of(
              Family.of(
                  "deepseek2", NORM, NONE, SOFTMAX, Trait.LATENT_ATTENTION, Trait.SHARED_EXPERT),
              Family.of("llama", NORM, NONE, RENORMALIZED),
              Family.of("qwen2", NEOX, NONE, RENORMALIZED, Trait.QKV_BIAS),
              Family.of(
                  "qwen2moe",
                  NEOX,
                  NONE,
                  SOFTMAX,
                  Trait.QKV_BIAS,
                  Trait.SHARED_EXPERT,
                  Trait.SHARED_GATE),
              Family.of("qwen3", NEOX, HEAD, RENORMALIZED),
              Family.of("qwen3moe", NEOX, HEAD, RENORMALIZED),
              Family.of(
                  "qwen3next",
                  NEOX,
                  HEAD,
                  RENORMALIZED,
                  Trait.DELTA_NET,
                  Trait.OUTPUT_GATE,
                  Trait.POST_ATTENTION_NORM,
                  Trait.SHARED_EXPERT,
                  Trait.SHARED_GATE),
              Family.of(
                  "qwen35",
                  NEOX,
                  HEAD,
                  RENORMALIZED,
                  Trait.DELTA_NET,
                  Trait.KEY_HEADS_IN_TURNS,
                  Trait.OUTPUT_GATE,
                  Trait.POST_ATTENTION_NORM),
              Family.of(
                  "qwen35moe",
                  NEOX,
                  HEAD,
                  RENORMALIZED,
                  Trait.DELTA_NET,
                  Trait.KEY_HEADS_IN_TURNS,
                  Trait.OUTPUT_GATE,
                  Trait.POST_ATTENTION_NORM,
                  Trait.SHARED_EXPERT,
                  Trait.SHARED_GATE),
              Family.of("olmoe", NEOX, ALL_HEADS, SOFTMAX),
              Family.of("granitemoe", NORM, NONE, RENORMALIZED, Trait.SHARED_EXPERT),
              // As llama.cpp runs it: the model's authors subtract the mean in its norms, too.
              Family.of(
                  "phimoe",
                  NEOX,
                  NONE,
                  RENORMALIZED,
                  Trait.QKV_BIAS,
                  Trait.ATTENTION_OUTPUT_BIAS,
                  Trait.NORM_BIAS,
                  Trait.LOGITS_BIAS),
              new Family(
                  "gpt-oss",
                  NEOX,
                  NONE,
                  RouterConfig.of(RouterScore.SOFTMAX_OF_PICKED, false),
                  ActivationFunction.CLAMPED_SILU,
                  Set.of(
                      Trait.QKV_BIAS,
                      Trait.ATTENTION_OUTPUT_BIAS,
                      Trait.EXPERT_BIAS,
                      Trait.SINKS,
                      Trait.ALTERNATING_WINDOW,
                      Trait.POST_ATTENTION_NORM)))
          .stream()
          .collect(
              Collectors.toMap(
                  Family::architecture, Function.identity(), (a, b) -> a, TreeMap::new));

  private Families() {}

  /**
   * The family of an architecture.
   *
   * @throws ForegateException naming the supported ones, and the closest, when it is not among them
   */
  public static Family of(String architecture, String file) {
    Family family = KNOWN.get(architecture);
    if (family == null) {
      throw new ForegateException(
          "%s has architecture '%s', which is not supported.".formatted(file, architecture),
          "Supported architectures: %s. The closest is '%s'."
              .formatted(String.join(", ", KNOWN.keySet()), closest(architecture)));
    }
    return family;
  }

  /** The known name with the fewest edits, the shortest of them; having experts or not counts. */
  private static String closest(String name) {
    return KNOWN.keySet().stream()
        .min(
            Comparator.comparingInt((String known) -> edits(name, known) + otherKind(name, known))
                .thenComparingInt(String::length))
        .orElseThrow();
  }

  private static int otherKind(String a, String b) {
    return a.contains("moe") == b.contains("moe") ? 0 : 2;
  }

  /** Levenshtein's distance: characters to insert, delete or replace. */
  private static int edits(String a, String b) {
    var row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
