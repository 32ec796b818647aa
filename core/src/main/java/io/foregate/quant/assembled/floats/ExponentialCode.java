package io.foregate.quant.assembled.floats;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;

/**
 * The exponential function of lanes of floats: {@code e^x = 2^k * e^r}, where k is {@code x / ln 2}
 * rounded, but at most 127. So |r| is at most ln 2 / 2, and ln 2 before e^x becomes infinite; eight
 * terms of the Taylor series are exact to 1e-7 there.
 *
 * <p>Below -87.7, where no normal float is left, results are 0; a NaN stays one.
 */
final class ExponentialCode {
  /** Its k is -127, and the bits of that power of two are those of zero. */
  private static final double LOWEST = -88;

  /** Beyond the largest float. */
  private static final double HIGHEST = 89;

  private static final int BIAS = 127;

  /** Adding it leaves a float's integer part in the low mantissa bits. */
  private static final double ROUNDER = 12582912;

  /** ln 2 in two parts, the first short enough that its products with k are exact. */
  private static final double LN2_HIGH = 355.0 / 512;

  private static final int TERMS = 8;

  private ExponentialCode() {}

  /** Writes it. The power is in a register that is taken; x is lost. */
  static Vec write(LoopFrame f, Vec x) {
    Assembler a = f.a;
    Vec power = f.registers().take();
    Vec k = f.registers().take();
    Vec scale = f.registers().take();
    // Of two numbers, the second one is taken where one is a NaN.
    a.vmovups(power, f.floats(LOWEST));
    a.vmaxps(x, power, x);
    a.vmovups(power, f.floats(HIGHEST));
    a.vminps(x, power, x);
    a.vmovups(k, f.floats(1 / Math.log(2)));
    a.vfmadd213ps(k, x, f.floats(ROUNDER));
    a.vmovups(power, f.floats(ROUNDER + BIAS));
    a.vminps(k, power, k);
    a.vpaddd(scale, k, f.pattern(BIAS));
    a.vpslld(scale, scale, 23); // the rounder's own bits leave the mantissa
    a.vsubps(k, k, f.floats(ROUNDER));
    a.vfnmadd231ps(x, k, f.floats(LN2_HIGH));
    a.vfnmadd231ps(x, k, f.floats(Math.log(2) - LN2_HIGH));
    double factorial = 1;
    for (int i = 2; i <= TERMS; i++) {
      factorial *= i;
    }
    a.vmovups(power, f.floats(1 / factorial));
    for (int i = TERMS; i > 0; i--) {
      factorial /= i;
      a.vfmadd213ps(power, x, f.floats(1 / factorial));
    }
    a.vmulps(power, power, scale);
    return power;
  }
}
