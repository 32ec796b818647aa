package io.foregate.tornado.kernels;

import io.foregate.kernels.Directory;
import io.foregate.kernels.UnitFunctions;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What experts have between and beside their products, and the same in double precision.
 *
 * @param unit see {@link UnitFunctions}
 * @param gate biases, {@code [experts][hidden]}
 * @param up likewise
 * @param down {@code [experts][width]}
 */
record UnitCase(
    int unit, float[] gate, float[] up, float[] down, IntArray directory, FloatArray floats) {
  static final int LAYER = 1;

  static UnitCase of(int unit, int experts, int hidden, int width, Random random) {
    int biased = unit >= UnitFunctions.BIASED ? experts : 0;
    float[] gate = TestMatrix.floats(biased * hidden, random);
    float[] up = TestMatrix.floats(biased * hidden, random);
    float[] down = TestMatrix.floats(biased * width, random);
    var floats = new FloatArray(5 + gate.length + up.length + down.length);
    floats.init(Float.NaN);
    var directory = new IntArray(2 * Directory.PARTS);
    directory.init(0);
    int at = 5;
    int part = LAYER * Directory.PARTS + Directory.GATE_PROJECTION_BIAS;
    for (float[] bias : new float[][] {gate, up, down}) {
      directory.set(part++, at);
      for (float value : bias) {
        floats.set(at++, value);
      }
    }
    return new UnitCase(unit, gate, up, down, directory, floats);
  }

  /** Adds biases to the products of an expert, and joins them. */
  double[] hidden(int expert, double[] g, double[] u) {
    double[] h = new double[g.length];
    for (int i = 0; i < h.length; i++) {
      double x = g[i] + (gate.length > 0 ? gate[expert * h.length + i] : 0);
      double y = u[i] + (up.length > 0 ? up[expert * h.length + i] : 0);
      if ((unit & UnitFunctions.CLAMPED) != 0) {
        x = Math.min(x, 7);
        y = Math.clamp(y, -7, 7);
        h[i] = x / (1 + Math.exp(-1.702 * x)) * (y + 1);
      } else {
        h[i] = x / (1 + Math.exp(-x)) * y;
      }
    }
    return h;
  }

  double down(int expert, int i, int width) {
    return down.length > 0 ? down[expert * width + i] : 0;
  }
}
