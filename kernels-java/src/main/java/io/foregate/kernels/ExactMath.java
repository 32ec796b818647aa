package io.foregate.kernels;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * Operations that have the same bits on every device and on the CPU. Where a product meets a sum it
 * is by {@link #fma}, or there is none: so no compiler has a choice of contracting them.
 *
 * <p>Numbers below 2^-126 are not looked after: devices may take them for zero.
 */
final class ExactMath {
  /** Larger divisors leave a quotient as the device has it. */
  private static final float GREATEST_DIVISOR = 0x1p100f;

  private static final float SMALLEST_DIVISOR = 0x1p-100f;
  private static final float LOWEST = -88;
  private static final float HIGHEST = 89;
  private static final float PER_LN2 = 1.442695f;

  /** Adding it rounds to an integer. */
  private static final float ROUNDER = 12582912;

  /** ln 2 in two parts, the first short enough that its products with k are exact. */
  private static final float LN2_HIGH = 355f / 512;

  private static final float LN2_LOW = (float) (0.6931471805599453 - 355.0 / 512);

  private ExactMath() {}

  /**
   * {@code a * b + c}, rounded once: TornadoVM 5.2 makes a call of {@code fma} of it, and does not
   * compile {@link Math#fma}. As plain Java it is rounded twice.
   *
   * @param c no product: that might be the one that is not rounded; {@link #product} is none
   */
  static float fma(float a, float b, float c) {
    return a * b + c;
  }

  /** {@code a * b}, where something is added to it that is a product, too. */
  static float product(float a, float b) {
    return a * b + 0f;
  }

  /**
   * {@code a / b}, rounded once: devices' own divisions may be a few units off, and are corrected.
   */
  static float quotient(float a, float b) {
    float quotient = a / b;
    float magnitude = TornadoMath.abs(b);
    if (magnitude < GREATEST_DIVISOR) {
      if (magnitude > SMALLEST_DIVISOR) {
        float inverse = 1 / b;
        float negative = -b;
        for (int i = 0; i < 2; i++) {
          inverse = fma(fma(negative, inverse, 1f), inverse, inverse);
        }
        for (int i = 0; i < 2; i++) {
          quotient = fma(fma(negative, quotient, a), inverse, quotient);
        }
      }
    }
    return quotient;
  }

  /** {@code 2^k}, for k from -126 to 127. */
  static float power(int k) {
    int n = k < 0 ? -k : k;
    float base = k < 0 ? 0.5f : 2f;
    float power = 1;
    for (int bit = 0; bit < 7; bit++) {
      if (((n >> bit) & 1) == 1) {
        power *= base;
      }
      base *= base;
    }
    return power;
  }

  /** {@code e^v}, 0 where that is no normal number: the CPU's, step by step. */
  static float exp(float v) {
    float x = v < LOWEST ? LOWEST : v; // a NaN stays one
    x = x > HIGHEST ? HIGHEST : x;
    float rounded = fma(PER_LN2, x, ROUNDER);
    rounded = rounded > ROUNDER + 127 ? ROUNDER + 127 : rounded;
    float k = rounded - ROUNDER;
    x = fma(k, -LN2_HIGH, x);
    x = fma(k, -LN2_LOW, x);
    float power = 1 / 40320f;
    power = fma(power, x, 1 / 5040f);
    power = fma(power, x, 1 / 720f);
    power = fma(power, x, 1 / 120f);
    power = fma(power, x, 1 / 24f);
    power = fma(power, x, 1 / 6f);
    power = fma(power, x, 0.5f);
    power = fma(power, x, 1f);
    power = fma(power, x, 1f);
    int exponent = (int) k;
    return exponent < -126 ? 0 * power : power * power(exponent);
  }

  /** As {@link UnitFunctions#apply}. */
  static float unit(int unit, float gate, float up) {
    if ((unit & UnitFunctions.CLAMPED) == 0) {
      return quotient(gate, exp(-gate) + 1) * up;
    }
    float x = gate > UnitFunctions.LIMIT ? UnitFunctions.LIMIT : gate;
    float y = up > UnitFunctions.LIMIT ? UnitFunctions.LIMIT : up;
    y = y < -UnitFunctions.LIMIT ? -UnitFunctions.LIMIT : y;
    return quotient(x, exp(-(x * UnitFunctions.ALPHA)) + 1) * (y + 1);
  }

  /**
   * {@code a * b} to the nearest integer, of halves the one farther from zero.
   *
   * @param a a result below 2^22
   */
  static int nearest(float a, float b) {
    int halves = (int) (a * b * 2);
    return halves < 0 ? -((1 - halves) >> 1) : (halves + 1) >> 1;
  }

  /** The same, of halves the even one. */
  static int nearestEven(float a, float b) {
    float doubled = a * b * 2;
    int halves = (int) doubled;
    int away = halves < 0 ? -((1 - halves) >> 1) : (halves + 1) >> 1;
    if ((halves & away & 1) == 1) { // nothing but a half can have been between
      if (halves == doubled) {
        return halves < 0 ? away + 1 : away - 1;
      }
    }
    return away;
  }
}
