package io.foregate.backend.cpu;

import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.ModelWeights;
import io.foregate.store.layout.ExpertLayer;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PackedLayers;
import java.util.ArrayList;
import java.util.List;

/** A place for every expert of the model, where it lies in host memory. Nothing ever moves. */
final class ExpertTable implements CpuExpertMemory {
  private final List<ExpertWeights> places;

  private ExpertTable(List<ExpertWeights> places) {
    this.places = List.copyOf(places);
  }

  /** The experts in the mapped file. */
  static ExpertTable ofFile(ModelConfig config, ModelWeights weights) {
    List<ExpertWeights> places = new ArrayList<>();
    for (LayerWeights layer : weights.layers()) {
      if (layer.feedForward() instanceof FeedForward.Routed routed) {
        for (int e = 0; e < config.experts(); e++) {
          places.add(ExpertWeights.of(routed.experts(), e));
        }
      }
    }
    return new ExpertTable(places);
  }

  /**
   * The experts' records in a store that keeps them in memory; those that have none, in the file.
   */
  static ExpertTable ofRecords(
      ModelConfig config, ModelWeights weights, ExpertLayout layout, ExpertRecords records) {
    PackedLayers packed = PackedLayers.of(weights.layers(), layout);
    List<ExpertWeights> places = new ArrayList<>(ofFile(config, weights).places);
    for (ExpertLayer at : packed.layers()) {
      ExpertShape shape = packed.shapes().get(at.packed());
      for (int e = 0; e < config.experts(); e++) {
        ExpertWeights view = layout.view(shape, records.record(at.packed(), e));
        places.set(at.routed() * config.experts() + e, view);
      }
    }
    return new ExpertTable(places);
  }

  /** The experts' records, where they are kept or are brought to; else the file. */
  static CpuExpertMemory of(
      ModelConfig config, ModelWeights weights, ExpertLayout layout, ExpertRecords records) {
    return records.stay()
        ? ofRecords(config, weights, layout, records)
        : new StagedExperts(config, weights, layout, records);
  }

  @Override
  public int count() {
    return places.size();
  }

  @Override
  public ExpertWeights weights(int layer, int place) {
    return places.get(place);
  }
}
