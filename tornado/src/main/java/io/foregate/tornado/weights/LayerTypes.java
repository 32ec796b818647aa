package io.foregate.tornado.weights;

import io.foregate.store.layout.ExpertShape;
import java.util.Optional;

/**
 * What the kernels of a layer are compiled for. Layers of equal types share their kernels.
 *
 * @param query of latent attention, of what reads the residual
 * @param value of latent attention, which has no such matrix, as {@code key}
 * @param blocks what attention has beside products
 * @param latent what latent attention has beside
 * @param feedForward of its second half
 */
public record LayerTypes(
    int query,
    int key,
    int value,
    int output,
    AttentionBlocks blocks,
    Optional<LatentMaps> latent,
    FeedForwardTypes feedForward) {
  public boolean hasLowRankQueries() {
    return latent.isPresent() && latent.get().queryUp().isPresent();
  }

  public boolean isRouted() {
    return feedForward.isRouted();
  }

  public ExpertShape experts() {
    return feedForward.experts();
  }
}
