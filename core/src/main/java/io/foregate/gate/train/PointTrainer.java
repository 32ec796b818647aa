package io.foregate.gate.train;

import io.foregate.gate.GateShape;
import java.util.List;

/** Trains one point's gate. One thread at a time. */
final class PointTrainer {
  private final GateShape shape;
  private final int point;
  private final PointModel model;
  private final PointParameters parameters;
  private final AdamW optimizer;
  private final float[] gradient;

  PointTrainer(GateShape shape, int point, PointModel model, PointParameters parameters) {
    this.shape = shape;
    this.point = point;
    this.model = model;
    this.parameters = parameters;
    this.optimizer = new AdamW(parameters.values.length);
    this.gradient = new float[parameters.values.length];
  }

  PointParameters parameters() {
    return parameters;
  }

  AdamW optimizer() {
    return optimizer;
  }

  /** Lets scores that cross the token boundary begin at the log of their experts' frequency. */
  void startFromFrequency(List<GateSamples> samples) {
    for (int j = 1; j <= shape.horizon(); j++) {
      if (shape.crosses(point, j)) {
        int bias = PointParameters.bias(shape, point) + (j - 1) * shape.experts();
        var counts = new int[shape.experts()];
        int total = count(samples, shape.target(point, j), counts);
        for (int e = 0; e < shape.experts(); e++) {
          parameters.values[bias + e] = (float) Math.log((counts[e] + 1.0) / (total + 1.0));
        }
      }
    }
  }

  private int count(List<GateSamples> samples, int layer, int[] counts) {
    int total = 0;
    for (GateSamples s : samples) {
      for (int t = 0; t < s.tokens(); t++) {
        for (int i = 0; i < shape.used(); i++) {
          counts[s.ids()[s.idsAt(t, layer) + i]]++;
          total++;
        }
      }
    }
    return total;
  }

  /**
   * One step on all tokens of some samples.
   *
   * @return the mean loss before it
   */
  double step(List<GateSamples> batch, float rate, int step) {
    int count = batch.stream().mapToInt(GateSamples::tokens).sum();
    double loss = 0;
    for (GateSamples samples : batch) {
      for (int from = 0; from < samples.tokens(); from += PointModel.ROWS) {
        int n = Math.min(PointModel.ROWS, samples.tokens() - from);
        model.forward(parameters.values, samples, from, n);
        loss += model.backward(parameters.values, samples, from, n, count, gradient);
      }
    }
    optimizer.step(parameters.values, gradient, rate, step);
    return loss;
  }

  /** The model, to compute scores with. */
  PointModel model() {
    return model;
  }
}
