package io.foregate.tornado;

import io.foregate.kernels.Router;
import io.foregate.model.FeedForward;
import io.foregate.model.RouterFacts;
import io.foregate.model.RouterScore;
import io.foregate.store.ExpertShape;

/**
 * What the kernels of a layer's feed-forward block are compiled for.
 *
 * @param router type of the router's weights; {@code -1} in a dense layer
 * @param formula of the router, see {@link Router#formula}; 0 in a dense layer
 * @param experts of the experts, or of the one feed-forward network of a dense layer
 */
record FeedForwardTypes(int router, int formula, ExpertShape experts) {

  /** Of a dense layer. */
  static FeedForwardTypes dense(ExpertShape network) {
    return new FeedForwardTypes(-1, 0, network);
  }

  /** The number that tells kernels how a layer's router picks. */
  static int formula(RouterFacts facts, FeedForward.Routed layer) {
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

  boolean isRouted() {
    return router >= 0;
  }
}
