package io.foregate.quant.format;

/** How ggml rounds to codes: the same bits of weights and of activations, so both use these. */
public final class Rounding {
  private Rounding() {}

  /** A float that has whole numbers, and these numbers' sign, in the low bits of its mantissa. */
  public static final float NEAREST = 12582912f;

  /**
   * Rounds to nearest, ties to even, by letting the float's own mantissa do it.
   *
   * @param v magnitude at most 2^22
   */
  public static int nearest(float v) {
    return (Float.floatToRawIntBits(v + NEAREST) & 0x007F_FFFF) - 0x0040_0000;
  }

  /** C's {@code roundf}: ties go away from zero. Exact for the magnitudes up to 128 that occur. */
  public static int roundAwayFromZero(float v) {
    return (int) (v + Math.copySign(JUST_BELOW_HALF, v));
  }

  /** The largest float below one half: adding one half itself would carry 0.49999997 up to 1. */
  public static final float JUST_BELOW_HALF = 0x1.fffffep-2f;

  /** {@code 1 / d}. */
  public static float inverse(float d) {
    return quotient(1, d);
  }

  /** {@code a / b}, or 0 where that is infinite: as {@code b} is zero, or almost. */
  public static float quotient(float a, float b) {
    float quotient = a / b;
    return Float.isInfinite(quotient) ? 0 : quotient;
  }

  /** The element of largest magnitude, with its sign; the first one if several tie. */
  public static float extreme(int n, float[] x, int o) {
    float amax = 0;
    float extreme = 0;
    for (int i = 0; i < n; i++) {
      float a = Math.abs(x[o + i]);
      if (a > amax) {
        amax = a;
        extreme = x[o + i];
      }
    }
    return extreme;
  }
}
