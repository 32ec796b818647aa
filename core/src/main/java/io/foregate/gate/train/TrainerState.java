package io.foregate.gate.train;

import java.util.List;

/** How far a training is, and the best gates that it has seen. */
public final class TrainerState {
  /** An improvement of recall that counts. */
  private static final double PROGRESS = 2e-4;

  int round;
  int step;
  int stale;
  double bestRecall = -1;

  /** Parameters of the best gates, one array per point. */
  final List<float[]> best;

  TrainerState(List<float[]> best) {
    this.best = best;
  }

  void judged(double recall, List<PointTrainer> points) {
    stale = recall > bestRecall + PROGRESS ? 0 : stale + 1;
    if (recall > bestRecall) {
      bestRecall = recall;
      for (int p = 0; p < points.size(); p++) {
        float[] now = points.get(p).parameters().values;
        System.arraycopy(now, 0, best.get(p), 0, now.length);
      }
    }
  }

  /** Rounds trained. */
  public int round() {
    return round;
  }

  /** Steps of the optimizer. */
  public int step() {
    return step;
  }

  /** Validations since the last one that was clearly better than those before. */
  public int stale() {
    return stale;
  }

  /** The best recall@k of a validation; -1 before the first. */
  public double bestRecall() {
    return bestRecall;
  }
}
