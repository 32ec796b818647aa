package io.foregate.model.weights;

import io.foregate.model.ActivationFunction;
import java.util.Optional;

/**
 * The second half of a block, dense or routed: gated units {@code down(f(gate(h)) * up(h))}, whose
 * {@code f} is the family's {@link ActivationFunction}.
 */
public sealed interface FeedForward {

  /**
   * One feed-forward network for every token.
   *
   * @param gate {@code [hidden, embedding]}
   * @param up {@code [hidden, embedding]}
   * @param down {@code [embedding, hidden]}
   */
  record Dense(Matrix gate, Matrix up, Matrix down) implements FeedForward {}

  /**
   * A router, the experts that it picks from, and what every token passes beside them.
   *
   * @param router {@code [experts, embedding]}
   * @param selectionBias per expert, added to its score when experts are picked and not when they
   *     are weighed; or empty
   * @param biases of the experts, which stay with the dense weights
   */
  record Routed(
      Linear router,
      float[] selectionBias,
      ExpertTensors experts,
      ExpertBiases biases,
      Optional<Shared> shared)
      implements FeedForward {

    /** A router and experts, nothing else. */
    public static Routed of(Matrix router, ExpertTensors experts) {
      return new Routed(
          Linear.of(router), new float[0], experts, ExpertBiases.NONE, Optional.empty());
    }
  }

  /**
   * An expert that every token passes; several of them are one that is as wide as all.
   *
   * @param gate {@code [embedding]}: the output is multiplied by {@code sigmoid(gate * h)}; empty
   *     where it is not
   */
  record Shared(Dense network, float[] gate) {}
}
