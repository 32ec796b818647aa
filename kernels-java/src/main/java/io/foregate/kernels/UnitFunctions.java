package io.foregate.kernels;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What feed-forward networks do between and beside their products. Kernels are told by a constant,
 * {@code unit}: {@link #SILU} or {@link #CLAMPED}, plus {@link #BIASED} where the networks have
 * biases.
 */
public final class UnitFunctions {
  /** {@code silu(gate) * up} (arXiv 2002.05202). */
  public static final int SILU = 0;

  /**
   * {@code gate * sigmoid(1.702 * gate) * (up + 1)}, the gate cut off above 7, the other beyond 7
   * on both sides (arXiv 2508.10925).
   */
  public static final int CLAMPED = 1;

  /** Biases are where the {@link Directory} tells, {@code [experts][rows]}. */
  public static final int BIASED = 2;

  static final float ALPHA = 1.702f;

  /** What {@link #CLAMPED} cuts off at. */
  static final float LIMIT = 7;

  private UnitFunctions() {}

  static float apply(int unit, float gate, float up) {
    if ((unit & CLAMPED) == 0) {
      return gate / (1 + TornadoMath.exp(-gate)) * up;
    }
    float x = TornadoMath.min(gate, LIMIT);
    float y = TornadoMath.max(TornadoMath.min(up, LIMIT), -LIMIT);
    return x / (1 + TornadoMath.exp(-ALPHA * x)) * (y + 1);
  }

  /**
   * The bias of a row of an expert's product.
   *
   * @param layer whose row of the directory it is
   * @param part {@link Directory#GATE_PROJECTION_BIAS} or one of the two behind it
   * @param element {@code expert * rows + row}
   */
  static float bias(IntArray directory, FloatArray floats, int layer, int part, int element) {
    return floats.get(directory.get(layer * Directory.PARTS + part) + element);
  }
}
