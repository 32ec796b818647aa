package io.foregate.schedule;

import io.foregate.schedule.state.ExpertGrid;
import java.util.Arrays;
import java.util.Random;

/**
 * Made-up routing: experts of uneven popularity (Zipf), and topics that last for a while and prefer
 * some of them; so that frequency, recency and gates each know something.
 */
final class Routes {
  final ExpertGrid grid;
  private final int[][][] chosen;
  private final Random noise;

  Routes(ExpertGrid grid, int tokens, long seed) {
    this.grid = grid;
    chosen = new int[tokens][grid.layers()][];
    Random random = new Random(seed);
    noise = new Random(seed + 1);
    double[][][] taste = tastes(random);
    int topic = 0;
    for (int t = 0; t < tokens; t++) {
      if (random.nextInt(16) == 0) {
        topic = random.nextInt(taste.length);
      }
      for (int l = 0; l < grid.layers(); l++) {
        chosen[t][l] = draw(taste[topic][l], random);
      }
    }
  }

  private double[][][] tastes(Random random) {
    double[][][] taste = new double[6][grid.layers()][grid.experts()];
    for (double[][] topic : taste) {
      for (double[] layer : topic) {
        for (int e = 0; e < layer.length; e++) {
          layer[e] = Math.exp(1.2 * random.nextGaussian()) / Math.sqrt(e + 1);
        }
      }
    }
    return taste;
  }

  private int[] draw(double[] weights, Random random) {
    double[] left = weights.clone();
    int[] ids = new int[grid.used()];
    for (int i = 0; i < ids.length; i++) {
      double sum = 0;
      for (double w : left) {
        sum += w;
      }
      double at = random.nextDouble() * sum;
      int e = 0;
      while (at >= left[e] && e < left.length - 1) {
        at -= left[e++];
      }
      ids[i] = e;
      left[e] = 0;
    }
    return ids;
  }

  int tokens() {
    return chosen.length;
  }

  int[] at(int token, int layer) {
    return chosen[token][layer];
  }

  /**
   * What gates of some quality would say at a layer: true experts get {@code recall[j]} of the
   * probability, chosen wrongly as often as that demands.
   *
   * @param recall by distance, from 1
   */
  void predict(int token, int layer, double[] recall, float[] out) {
    for (int j = 1; j <= recall.length; j++) {
      int target = (layer + j) % grid.layers();
      int at = token + (layer + j) / grid.layers();
      int from = (j - 1) * grid.experts();
      float rest = (float) ((1 - recall[j - 1]) * grid.used() / (grid.experts() - grid.used()));
      Arrays.fill(out, from, from + grid.experts(), rest);
      if (at < tokens()) {
        for (int e : chosen[at][target]) {
          boolean right = noise.nextDouble() < recall[j - 1];
          out[from + (right ? e : noise.nextInt(grid.experts()))] = (float) recall[j - 1];
        }
      }
    }
  }
}
