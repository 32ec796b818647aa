package io.foregate.quant.vector;

/**
 * The exponential function as machine code has it, step by step, so that both give the same bits.
 * Devices' kernels have it, too.
 */
final class ScalarExponential {
  private static final float LOWEST = -88;
  private static final float HIGHEST = 89;
  private static final float PER_LN2 = (float) (1 / Math.log(2));

  /** Adding it leaves a float's integer part in the low mantissa bits. */
  private static final float ROUNDER = 12582912;

  private static final int BIAS = 127;

  /** ln 2 in two parts, the first short enough that its products with k are exact. */
  private static final float LN2_HIGH = 355f / 512;

  private static final float LN2_LOW = (float) (Math.log(2) - 355.0 / 512);

  private ScalarExponential() {}

  /** {@code e^v}. */
  static float of(float v) {
    float x = v < LOWEST ? LOWEST : v; // a NaN stays one
    x = x > HIGHEST ? HIGHEST : x;
    float rounded = Fused.fma(PER_LN2, x, ROUNDER);
    rounded = rounded > ROUNDER + BIAS ? ROUNDER + BIAS : rounded;
    float scale = Float.intBitsToFloat((Float.floatToRawIntBits(rounded) + BIAS) << 23);
    float k = rounded - ROUNDER;
    x = Fused.fma(-k, LN2_HIGH, x);
    x = Fused.fma(-k, LN2_LOW, x);
    float power = 1 / 40320f;
    power = Fused.fma(power, x, 1 / 5040f);
    power = Fused.fma(power, x, 1 / 720f);
    power = Fused.fma(power, x, 1 / 120f);
    power = Fused.fma(power, x, 1 / 24f);
    power = Fused.fma(power, x, 1 / 6f);
    power = Fused.fma(power, x, 0.5f);
    power = Fused.fma(power, x, 1f);
    power = Fused.fma(power, x, 1f);
    return power * scale;
  }
}
