package io.foregate.quant.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential function on a vector: {@code e^x = 2^k * e^r} with {@code k = round(x / ln 2)},
 * but at most 127. So |r| is at most ln 2 / 2, and ln 2 before e^x becomes infinite; eight terms of
 * the Taylor series are exact to 1e-7 there.
 *
 * <p>Relative error below 3e-7; results that would be subnormal are 0, results above the largest
 * float are infinite, NaN stays NaN.
 */
final class Exponential {
  /** Below it, e^x is no normal float. */
  private static final float LOWEST = -87.33654f;

  /** There, e^x is infinite. */
  private static final float HIGHEST = 89;

  /** Adding it leaves a float's integer part in the low mantissa bits. */
  private static final float ROUNDER = 12582912f;

  /** ln 2 in two parts, the first short enough that its products with k are exact. */
  private static final float LN2_HIGH = 355f / 512;

  private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);

  private Exponential() {}

  static FloatVector of(FloatVector v) {
    FloatVector x = v.max(LOWEST).min(HIGHEST);
    FloatVector rounded = x.mul((float) (1 / Math.log(2))).add(ROUNDER).min(ROUNDER + 127);
    FloatVector k = rounded.sub(ROUNDER);
    FloatVector r = k.fma(Lanes.broadcast(-LN2_HIGH), x);
    r = k.fma(Lanes.broadcast(-LN2_LOW), r);
    FloatVector p = Lanes.broadcast(1 / 40320f);
    p = p.fma(r, Lanes.broadcast(1 / 5040f));
    p = p.fma(r, Lanes.broadcast(1 / 720f));
    p = p.fma(r, Lanes.broadcast(1 / 120f));
    p = p.fma(r, Lanes.broadcast(1 / 24f));
    p = p.fma(r, Lanes.broadcast(1 / 6f));
    p = p.fma(r, Lanes.broadcast(0.5f));
    p = p.fma(r, Lanes.broadcast(1f));
    p = p.fma(r, Lanes.broadcast(1f));
    // The rounder's own bits leave the mantissa when 127 + k moves up to the exponent.
    IntVector exponent = rounded.reinterpretAsInts().add(127).lanewise(VectorOperators.LSHL, 23);
    FloatVector result = p.mul(exponent.reinterpretAsFloats());
    return result.blend(0f, v.compare(VectorOperators.LT, LOWEST));
  }
}
