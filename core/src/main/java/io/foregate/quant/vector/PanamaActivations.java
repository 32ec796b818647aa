package io.foregate.quant.vector;

import static io.foregate.quant.vector.Lanes.F;
import static io.foregate.quant.vector.Lanes.I;
import static io.foregate.quant.vector.Lanes.N;
import static io.foregate.quant.vector.Lanes.S;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Rounding;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Fills a row of an {@link ActivationRows} with vector instructions: the twin of {@link
 * ScalarActivations}, with the same bits.
 */
final class PanamaActivations {
  private static final int SIGN = 0x8000_0000;
  private static final int MAGNITUDE = 0x7FFF_FFFF;

  private PanamaActivations() {}

  static void set(ActivationRows a, GgmlType type, float[] src, int from, int cols, int to) {
    switch (type) {
      case Q8_0 -> {
        for (int i = 0; i < cols; i += 32) {
          block32(a, false, src, from + i, to + i);
        }
      }
      case Q8_1 -> {
        for (int i = 0; i < cols; i += 32) {
          block32(a, true, src, from + i, to + i);
        }
      }
      case Q8_K -> {
        for (int i = 0; i < cols; i += 256) {
          block256(a, src, from + i, to + i);
        }
      }
      default -> ScalarActivations.set(a, type, src, from, cols, to);
    }
  }

  private static void block32(ActivationRows a, boolean sums, float[] x, int from, int to) {
    // As integers, magnitudes of floats are ordered, infinities above all numbers and NaNs above
    // infinities.
    IntVector max = IntVector.zero(I);
    for (int j = 0; j < 32; j += N) {
      max = max.max(Lanes.load(x, from + j).reinterpretAsInts().and(MAGNITUDE));
    }
    float d = Float.intBitsToFloat(max.reduceLanes(VectorOperators.MAX)) / 127;
    float id = Rounding.inverse(d);
    float stored = Float.float16ToFloat(Float.floatToFloat16(d));
    IntVector sum = IntVector.zero(I);
    for (int j = 0; j < 32; j += N) {
      IntVector code = roundAwayFromZero(Lanes.load(x, from + j).mul(id));
      store(a, code, stored, to + j);
      sum = sum.add(code);
    }
    a.scales[to >> 5] = stored;
    if (sums) {
      float s = sum.reduceLanes(VectorOperators.ADD) * d;
      a.sums32[to >> 5] = Float.float16ToFloat(Float.floatToFloat16(s));
    }
  }

  private static IntVector roundAwayFromZero(FloatVector v) {
    FloatVector half =
        v.reinterpretAsInts()
            .and(SIGN)
            .or(Float.floatToRawIntBits(Rounding.JUST_BELOW_HALF))
            .reinterpretAsFloats();
    return (IntVector) v.add(half).convertShape(VectorOperators.F2I, I, 0);
  }

  private static void store(ActivationRows a, IntVector code, float d, int to) {
    code.convertShape(VectorOperators.I2S, S, 0).reinterpretAsShorts().intoArray(a.codes, to);
    ((FloatVector) code.convertShape(VectorOperators.I2F, F, 0)).mul(d).intoArray(a.values, to);
  }

  private static void block256(ActivationRows a, float[] x, int from, int to) {
    FloatVector max = Lanes.zero();
    FloatVector min = Lanes.zero();
    IntVector magnitude = IntVector.zero(I);
    for (int j = 0; j < 256; j += N) {
      FloatVector v = Lanes.load(x, from + j);
      max = max.max(v);
      min = min.min(v);
      magnitude = magnitude.max(v.reinterpretAsInts().and(MAGNITUDE));
    }
    float amax = Float.intBitsToFloat(magnitude.reduceLanes(VectorOperators.MAX));
    float inverse = 0;
    float d = 0;
    if (!Float.isFinite(amax)) {
      d = Float.NaN;
    } else if (amax != 0) {
      float hi = max.reduceLanes(VectorOperators.MAX);
      float lo = min.reduceLanes(VectorOperators.MIN);
      float extreme = hi > -lo ? hi : hi < -lo ? lo : Rounding.extreme(256, x, from);
      inverse = Rounding.quotient(-127, extreme);
      d = Rounding.inverse(inverse);
    }
    for (int j = 0; j < 256; j += 16) {
      int sum = sixteen(a, x, from + j, to + j, inverse, d);
      a.codeSums16[(to + j) >> 4] = sum;
      a.sums16[(to + j) >> 4] = sum * d;
    }
    for (int j = 0; j < 8; j++) {
      int group = (to >> 5) + j;
      a.scales[group] = d;
      a.sums32[group] = a.sums16[2 * group] + a.sums16[2 * group + 1];
      a.codeSums32[group] = a.codeSums16[2 * group] + a.codeSums16[2 * group + 1];
      Pairs.pack(a.codes, 32 * group, a.pairs, 16 * group);
    }
  }

  /** Codes of 16 elements; returns their sum. */
  private static int sixteen(
      ActivationRows a, float[] x, int from, int to, float inverse, float d) {
    IntVector sum = IntVector.zero(I);
    for (int j = 0; j < 16; j += N) {
      // Rounding.nearest, lane by lane.
      IntVector bits =
          Lanes.load(x, from + j).mul(inverse).add(Rounding.NEAREST).reinterpretAsInts();
      IntVector code = bits.and(0x007F_FFFF).sub(0x0040_0000).min(127);
      store(a, code, d, to + j);
      sum = sum.add(code);
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }
}
