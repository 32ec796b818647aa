package io.foregate.store.layout;

/**
 * A layer with experts, by each of the numbers that it goes by. {@link PackedLayers} has one of
 * each, so that numbers are translated in one place and no one takes one for another.
 *
 * @param model among all layers of the model: for sequences and weights
 * @param routed among the layers with experts: for gates, traces, and places in host memory
 * @param lastPacked the last packed layer up to this one, itself included, among those; -1 where
 *     there is none
 * @param isPacked whether that is this one
 */
public record ExpertLayer(int model, int routed, int lastPacked, boolean isPacked) {

  /** Its number among the packed layers: for the store, the scheduler and places on the device. */
  public int packed() {
    if (!isPacked) {
      throw new IllegalStateException("layer %d is not packed".formatted(model));
    }
    return lastPacked;
  }
}
