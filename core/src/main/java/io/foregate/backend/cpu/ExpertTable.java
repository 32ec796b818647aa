package io.foregate.backend.cpu;

import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.ModelWeights;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
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

  /** The experts' records in a store. */
  static ExpertTable ofRecords(
      ModelConfig config, List<ExpertShape> shapes, ExpertLayout layout, ExpertRecords records) {
    List<ExpertWeights> places = new ArrayList<>();
    for (int layer = 0; layer < shapes.size(); layer++) {
      for (int e = 0; e < config.experts(); e++) {
        places.add(layout.view(shapes.get(layer), records.record(layer, e)));
      }
    }
    return new ExpertTable(places);
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
