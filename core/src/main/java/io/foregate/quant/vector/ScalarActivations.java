package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.Rounding;

/**
 * Fills a row of an {@link ActivationRows} in plain Java, elements in their natural order. Source:
 * ggml's {@code quantize_row_q8_0_ref}, {@code _q8_1_ref} and {@code _q8_K_ref}; a block with a NaN
 * or an infinity becomes NaN as a whole.
 */
final class ScalarActivations {
  private ScalarActivations() {}

  static void set(ActivationRows a, GgmlType type, float[] src, int from, int cols, int to) {
    switch (type) {
      case F32 -> System.arraycopy(src, from, a.values, to, cols);
      case F16 -> {
        for (int i = 0; i < cols; i++) {
          a.values[to + i] = Float.float16ToFloat(Float.floatToFloat16(src[from + i]));
        }
      }
      case BF16 -> {
        for (int i = 0; i < cols; i++) {
          a.values[to + i] = Float.intBitsToFloat(LittleEndian.bf16Bits(src[from + i]) << 16);
        }
      }
      case Q8_0, Q8_1 -> {
        for (int i = 0; i < cols; i += 32) {
          block32(a, type, src, from + i, to + i);
        }
      }
      case Q8_K -> {
        for (int i = 0; i < cols; i += 256) {
          block256(a, src, from + i, to + i);
        }
      }
      default -> throw new IllegalArgumentException(type + " is no type of activations");
    }
  }

  private static void block32(ActivationRows a, GgmlType type, float[] x, int from, int to) {
    float d = absoluteMax(x, from, 32) / 127;
    float id = Rounding.inverse(d);
    float stored = Float.float16ToFloat(Float.floatToFloat16(d));
    int sum = 0;
    for (int i = 0; i < 32; i++) {
      int code = Rounding.roundAwayFromZero(x[from + i] * id);
      a.codes[to + i] = (short) code;
      a.values[to + i] = code * stored;
      sum += code;
    }
    a.scales[to / 32] = stored;
    a.sums32[to / 32] =
        type == GgmlType.Q8_1 ? Float.float16ToFloat(Float.floatToFloat16(sum * d)) : sum * stored;
  }

  private static void block256(ActivationRows a, float[] x, int from, int to) {
    boolean finite = Float.isFinite(absoluteMax(x, from, 256));
    float extreme = Rounding.extreme(256, x, from);
    float inverse = finite ? Rounding.quotient(-127, extreme) : 0;
    float d = finite ? Rounding.inverse(inverse) : Float.NaN;
    for (int sub = 0; sub < 256; sub += 16) {
      int sum = 0;
      for (int i = sub; i < sub + 16; i++) {
        int code = finite ? Math.min(127, Rounding.nearest(inverse * x[from + i])) : 0;
        a.codes[to + i] = (short) code;
        a.values[to + i] = code * d;
        sum += code;
      }
      a.sums16[(to + sub) / 16] = sum * d;
    }
    for (int sub = 0; sub < 256; sub += 32) {
      a.scales[(to + sub) / 32] = d;
      a.sums32[(to + sub) / 32] = a.sums16[(to + sub) / 16] + a.sums16[(to + sub) / 16 + 1];
    }
  }

  /** NaN if there is one: {@code Math.max} keeps it. */
  private static float absoluteMax(float[] x, int from, int n) {
    float max = 0;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, Math.abs(x[from + i]));
    }
    return max;
  }
}
