package io.foregate.model;

import java.util.Set;

/**
 * The facts that tell one architecture from another. One forward pass reads them; there is no class
 * per model.
 *
 * @param architecture the value of {@code general.architecture} and the prefix of its metadata keys
 * @param rope which elements RoPE rotates together
 * @param queryKeyNorm how queries and keys are normalized
 * @param router how experts are picked and weighed, where the metadata does not say otherwise
 * @param activation of gated units
 * @param traits what it has beside what all have
 */
public record Family(
    String architecture,
    RopeStyle rope,
    QueryKeyNorm queryKeyNorm,
    RouterConfig router,
    ActivationFunction activation,
    Set<Trait> traits) {
  public Family {
    traits = Set.copyOf(traits);
  }

  /** A family with SwiGLU. */
  static Family of(
      String architecture,
      RopeStyle rope,
      QueryKeyNorm queryKeyNorm,
      RouterConfig router,
      Trait... traits) {
    return new Family(
        architecture, rope, queryKeyNorm, router, ActivationFunction.SILU, Set.of(traits));
  }

  /** Whether it has something. */
  public boolean has(Trait trait) {
    return traits.contains(trait);
  }
}
