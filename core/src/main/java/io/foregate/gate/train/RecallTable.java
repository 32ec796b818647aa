package io.foregate.gate.train;

import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.GateShape;
import io.foregate.gate.Recall;
import java.util.Arrays;
import java.util.List;

/** Recall@k and recall@2k of one predictor, by prediction point and distance. Not thread-safe. */
public final class RecallTable {
  private final GateShape shape;

  /** {@code [k or 2k][point][distance - 1]}. */
  private final long[][][] hits;

  private final long[][] uses;

  /** By distance less 1. */
  private final Reliability[] reliability;

  /** An empty table. */
  public RecallTable(GateShape shape) {
    this.shape = shape;
    this.hits = new long[2][shape.points()][shape.horizon()];
    this.uses = new long[shape.points()][shape.horizon()];
    this.reliability = new Reliability[shape.horizon()];
    Arrays.setAll(reliability, j -> new Reliability());
  }

  /**
   * Lets a predictor follow a sequence, as in decoding, and counts what it said right. It may look
   * ahead less far than the table; what it does not say is not counted.
   *
   * @param tokens the sequence's token ids
   */
  public void follow(ExpertPredictor predictor, int[] tokens, GateSamples samples) {
    predictor.reset();
    var input = new float[shape.embedding()];
    var probabilities = new float[predictor.horizon() * shape.experts()];
    for (int t = 0; t < samples.tokens(); t++) {
      predictor.predictToken(tokens[t], probabilities);
      count(probabilities, predictor.horizon(), 0, t, samples);
      for (int layer = 0; layer < shape.layers(); layer++) {
        predictor.observe(layer, samples.ids(), samples.idsAt(t, layer), shape.used());
        samples.residual(layer + 1, t, input, 0);
        predictor.predict(layer, input, probabilities);
        count(probabilities, predictor.horizon(), layer + 1, t, samples);
      }
    }
  }

  private void count(float[] scores, int horizon, int point, int at, GateSamples samples) {
    for (int j = 1; j <= Math.min(horizon, shape.horizon()); j++) {
      int token = at + (shape.crosses(point, j) ? 1 : 0);
      if (token < samples.tokens()) {
        int ids = samples.idsAt(token, shape.target(point, j));
        for (int twice = 0; twice < 2; twice++) {
          hits[twice][point][j - 1] +=
              Recall.hits(
                  scores,
                  (j - 1) * shape.experts(),
                  shape.experts(),
                  shape.used() << twice,
                  samples.ids(),
                  ids,
                  shape.used());
        }
        uses[point][j - 1] += shape.used();
        int first = (j - 1) * shape.experts();
        reliability[j - 1].add(scores, first, shape.experts(), samples.ids(), ids, shape.used());
      }
    }
  }

  /** The sum of tables of equal sizes. */
  public static RecallTable sum(List<RecallTable> tables) {
    var sum = new RecallTable(tables.getFirst().shape);
    for (RecallTable table : tables) {
      for (int j = 0; j < sum.shape.horizon(); j++) {
        sum.reliability[j].add(table.reliability[j]);
      }
      for (int p = 0; p < sum.shape.points(); p++) {
        for (int j = 0; j < sum.shape.horizon(); j++) {
          sum.uses[p][j] += table.uses[p][j];
          sum.hits[0][p][j] += table.hits[0][p][j];
          sum.hits[1][p][j] += table.hits[1][p][j];
        }
      }
    }
    return sum;
  }

  /** Whether the predictor's probabilities come true at a distance, over all points. */
  public Reliability.Summary reliability(int distance) {
    return reliability[distance - 1].summary();
  }

  /**
   * The recall of one point and distance; NaN if nothing was counted.
   *
   * @param twice whether among the 2k best instead of the k best
   */
  public double at(int point, int distance, boolean twice) {
    return ratio(point, point + 1, distance, twice, null);
  }

  /** The mean over layers, of targets within the token. */
  public double within(int distance, boolean twice) {
    return ratio(1, shape.points(), distance, twice, false);
  }

  /** The mean over the last layers, whose targets are the next token's. */
  public double crossing(int distance, boolean twice) {
    return ratio(1, shape.points(), distance, twice, true);
  }

  private double ratio(int from, int to, int distance, boolean twice, Boolean crossing) {
    long hit = 0;
    long use = 0;
    for (int p = from; p < to; p++) {
      if (crossing == null || shape.crosses(p, distance) == crossing) {
        hit += hits[twice ? 1 : 0][p][distance - 1];
        use += uses[p][distance - 1];
      }
    }
    return use == 0 ? Double.NaN : (double) hit / use;
  }
}
