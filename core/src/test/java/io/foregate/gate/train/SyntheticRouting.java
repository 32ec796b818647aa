package io.foregate.gate.train;

import io.foregate.gate.GateShape;
import java.util.Random;

/** Samples of a made-up model, whose routers read random inputs through random matrices. */
final class SyntheticRouting {
  static final int EXPERTS = 6;
  static final int USED = 2;
  static final int LAYERS = 3;
  static final int WIDTH = 16;

  private final float[][] truth = new float[LAYERS][EXPERTS * WIDTH];
  private final Random random;

  SyntheticRouting(long seed) {
    random = new Random(seed);
    for (float[] router : truth) {
      fill(router, 0.5f);
    }
  }

  static GateShape shape(int horizon, int hidden) {
    return new GateShape(LAYERS, EXPERTS, USED, WIDTH, horizon, hidden);
  }

  /** Routers that know nothing. */
  static float[][] blank() {
    return new float[LAYERS][EXPERTS * WIDTH];
  }

  /** A token whose every point sees the same input, which decides the routing of every layer. */
  GateSamples samples(GateShape shape, int tokens) {
    var samples = new GateSamples(shape, tokens);
    var input = new float[WIDTH];
    var logits = new float[EXPERTS];
    for (int t = 0; t < tokens; t++) {
      fill(input, 1);
      for (int p = 0; p < shape.points(); p++) {
        samples.setInput(p, t, input);
      }
      for (int layer = 0; layer < LAYERS; layer++) {
        for (int e = 0; e < EXPERTS; e++) {
          logits[e] = 0;
          for (int i = 0; i < WIDTH; i++) {
            logits[e] += truth[layer][e * WIDTH + i] * input[i];
          }
        }
        samples.setRouting(layer, t, logits, 0, best(logits), 0);
      }
    }
    return samples;
  }

  /** The {@value #USED} highest, best first. */
  static int[] best(float[] scores) {
    int first = 0;
    for (int e = 1; e < scores.length; e++) {
      first = scores[e] > scores[first] ? e : first;
    }
    int second = first == 0 ? 1 : 0;
    for (int e = 0; e < scores.length; e++) {
      second = e != first && scores[e] > scores[second] ? e : second;
    }
    return new int[] {first, second};
  }

  private void fill(float[] values, float deviation) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * deviation;
    }
  }
}
