package io.foregate.model;

import io.foregate.error.ForegateException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The facts that tell one architecture from another. One forward pass reads them; there is no class
 * per model.
 *
 * @param architecture the value of {@code general.architecture} and the prefix of its metadata keys
 * @param rope which elements RoPE rotates together
 * @param routerScore how router logits become expert weights
 */
public record Family(String architecture, RopeStyle rope, RouterScore routerScore) {

  private static final Map<String, Family> KNOWN =
      new TreeMap<>(
          List.of(new Family("llama", RopeStyle.NORM, RouterScore.SOFTMAX_RENORMALIZED)).stream()
              .collect(Collectors.toMap(Family::architecture, f -> f)));

  /**
   * The family of an architecture.
   *
   * @throws ForegateException naming the supported ones when it is not among them
   */
  public static Family of(String architecture, String file) {
    Family family = KNOWN.get(architecture);
    if (family == null) {
      throw new ForegateException(
          "%s has architecture '%s', which is not supported.".formatted(file, architecture),
          "Supported architectures: %s.".formatted(String.join(", ", KNOWN.keySet())));
    }
    return family;
  }
}
