package io.foregate.tornado.weights;

import io.foregate.kernels.Router;
import io.foregate.kernels.UnitFunctions;
import io.foregate.model.ActivationFunction;
import io.foregate.model.RouterConfig;
import io.foregate.model.RouterScore;
import io.foregate.model.weights.FeedForward;
import io.foregate.store.layout.ExpertShape;
import java.util.Optional;

/**
 * What the kernels of a layer's feed-forward block are compiled for.
 *
 * @param router type of the router's weights; {@code -1} in a dense layer
 * @param formula of the router, see {@link Router#formula}; 0 in a dense layer
 * @param used networks that a token passes: 1 in a dense layer
 * @param experts of the experts, or of the one feed-forward network of a dense layer
 * @param unit what is between and beside their products, see {@link UnitFunctions}
 * @param shared of what every token passes beside its experts
 */
public record FeedForwardTypes(
    int router, int formula, int used, ExpertShape experts, int unit, Optional<Shared> shared) {

  /**
   * A shared expert.
   *
   * @param gated whether its output is
   */
  public record Shared(ExpertShape network, boolean gated) {}

  /** Of a dense layer. */
  public static FeedForwardTypes dense(ExpertShape network, ActivationFunction activation) {
    return new FeedForwardTypes(-1, 0, 1, network, unit(activation), Optional.empty());
  }

  /** The number that tells kernels of networks without biases what is between their products. */
  static int unit(ActivationFunction activation) {
    return switch (activation) {
      case SILU -> UnitFunctions.SILU;
      case CLAMPED_SILU -> UnitFunctions.CLAMPED;
    };
  }

  /** The same with a shared expert's in the experts' place. */
  public FeedForwardTypes ofShared() {
    return new FeedForwardTypes(
        -1, 0, 1, shared.orElseThrow().network(), unit & UnitFunctions.CLAMPED, Optional.empty());
  }

  /** The number that tells kernels how a layer's router picks. */
  static int formula(RouterConfig facts, FeedForward.Routed layer) {
    return Router.formula(
        score(facts.score()),
        facts.renormalized(),
        facts.groups(),
        facts.groupsUsed(),
        layer.router().bias().length > 0,
        layer.selectionBias().length > 0);
  }

  private static int score(RouterScore score) {
    return switch (score) {
      case SOFTMAX -> Router.SOFTMAX;
      case SOFTMAX_OF_PICKED -> Router.SOFTMAX_OF_PICKED;
      case SIGMOID -> Router.SIGMOID;
    };
  }

  public boolean isRouted() {
    return router >= 0;
  }
}
