package io.foregate.gate.train;

import io.foregate.gate.GateShape;
import io.foregate.gate.Recall;
import io.foregate.gate.TopK;
import java.util.List;

/** Measures a point's gate, in training, on samples that it is not trained on. */
final class GateEvaluator {
  /** Tokens that a sharpness is fitted on: enough for one number. */
  private static final int CALIBRATION_TOKENS = 4096;

  private static final float[] SHARPNESS = grid();

  private GateEvaluator() {}

  /** Recall@k, the mean over the distances. */
  static double recall(PointTrainer point, GateShape shape, int p, List<GateSamples> held) {
    long hits = 0;
    long uses = 0;
    for (GateSamples samples : held) {
      for (int from = 0; from < samples.tokens(); from += PointModel.ROWS) {
        int n = Math.min(PointModel.ROWS, samples.tokens() - from);
        point.model().forward(point.parameters().values, samples, from, n);
        for (int t = 0; t < n; t++) {
          for (int j = 1; j <= shape.horizon(); j++) {
            int token = from + t + (shape.crosses(p, j) ? 1 : 0);
            if (token < samples.tokens()) {
              int at = t * shape.outputs() + (j - 1) * shape.experts();
              int ids = samples.idsAt(token, shape.target(p, j));
              hits +=
                  Recall.hits(
                      point.model().scores(),
                      at,
                      shape.experts(),
                      shape.used(),
                      samples.ids(),
                      ids,
                      shape.used());
              uses += shape.used();
            }
          }
        }
      }
    }
    return uses == 0 ? 0 : (double) hits / uses;
  }

  /** The sharpness per distance that makes what happened the most likely. */
  static float[] sharpness(PointTrainer point, GateShape shape, int p, List<GateSamples> held) {
    var likelihood = new double[shape.horizon()][SHARPNESS.length];
    int tokens = 0;
    for (GateSamples samples : held) {
      for (int from = 0; from < samples.tokens() && tokens < CALIBRATION_TOKENS; ) {
        int n = Math.min(PointModel.ROWS, samples.tokens() - from);
        point.model().forward(point.parameters().values, samples, from, n);
        for (int t = 0; t < n; t++) {
          addLikelihood(point.model().scores(), t, shape, p, samples, from + t, likelihood);
        }
        from += n;
        tokens += n;
      }
    }
    var sharpness = new float[shape.horizon()];
    for (int j = 0; j < shape.horizon(); j++) {
      int best = 0;
      for (int i = 1; i < SHARPNESS.length; i++) {
        best = likelihood[j][i] > likelihood[j][best] ? i : best;
      }
      sharpness[j] = SHARPNESS[best];
    }
    return sharpness;
  }

  private static void addLikelihood(
      float[] scores,
      int row,
      GateShape shape,
      int p,
      GateSamples samples,
      int at,
      double[][] likelihood) {
    var scratch = new float[shape.experts()];
    for (int j = 1; j <= shape.horizon(); j++) {
      int token = at + (shape.crosses(p, j) ? 1 : 0);
      if (token >= samples.tokens()) {
        continue;
      }
      int ids = samples.idsAt(token, shape.target(p, j));
      for (int i = 0; i < SHARPNESS.length; i++) {
        System.arraycopy(
            scores, row * shape.outputs() + (j - 1) * shape.experts(), scratch, 0, shape.experts());
        TopK.probabilities(scratch, 0, shape.experts(), shape.used(), SHARPNESS[i]);
        likelihood[j - 1][i] += logLikelihood(scratch, samples.ids(), ids, shape.used());
      }
    }
  }

  private static double logLikelihood(float[] probabilities, int[] ids, int from, int used) {
    double sum = 0;
    for (int e = 0; e < probabilities.length; e++) {
      boolean chosen = false;
      for (int i = from; i < from + used; i++) {
        chosen |= ids[i] == e;
      }
      float p = chosen ? probabilities[e] : 1 - probabilities[e];
      sum += Math.log(Math.max(p, 1e-6f));
    }
    return sum;
  }

  /** 0.5 to 32 in steps of a quarter of a doubling. */
  private static float[] grid() {
    var grid = new float[25];
    for (int i = 0; i < grid.length; i++) {
      grid[i] = (float) (0.5 * Math.pow(2, i / 4.0));
    }
    return grid;
  }
}
