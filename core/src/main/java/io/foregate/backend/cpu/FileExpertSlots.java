package io.foregate.backend.cpu;

import io.foregate.backend.ExpertSlots;
import io.foregate.backend.ExpertWeights;
import io.foregate.model.FeedForward;
import io.foregate.model.LayerWeights;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import java.util.ArrayList;
import java.util.List;

/** A slot for every expert of the model, where it lies in the mapped file. Nothing ever moves. */
final class FileExpertSlots implements ExpertSlots {
  private final int experts;
  private final List<ExpertWeights> slots;

  FileExpertSlots(ModelConfig config, ModelWeights weights) {
    this.experts = config.experts();
    List<ExpertWeights> all = new ArrayList<>();
    for (LayerWeights layer : weights.layers()) {
      if (layer.feedForward() instanceof FeedForward.Routed routed) {
        for (int e = 0; e < experts; e++) {
          all.add(
              new ExpertWeights(
                  routed.experts().gate().get(e),
                  routed.experts().up().get(e),
                  routed.experts().down().get(e)));
        }
      }
    }
    this.slots = List.copyOf(all);
  }

  @Override
  public int count() {
    return slots.size();
  }

  @Override
  public int slotOf(int layer, int expert) {
    return layer * experts + expert;
  }

  @Override
  public ExpertWeights weights(int slot) {
    return slots.get(slot);
  }
}
