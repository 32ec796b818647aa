package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.utils.QuantizationUtils;

/**
 * Activations of 8 bits: a factor and 32 codes for each unit of 32, as ggml's Q8_0 has them, so
 * that four products with codes of weights are one instruction ({@code dp4a}).
 *
 * <p>A word of weights whose codes have {@code b} bits holds {@code n = 8 / b} codes per byte.
 * Shift {@code k} and a mask leave code {@code k} of each byte, so the activations that belong
 * together are those {@code n} apart. They are stored in that order for each {@code b}: {@code
 * codes} is {@code [4][units][8]} words, for 8, 4, 2 and 1 bits; word {@code j}, byte {@code i} of
 * a unit is element {@code j / n * (32 / b) + i * n + j % n}. {@code scales} is {@code [units][3]}:
 * the factor, and the sums of the first and the last 16 codes.
 */
public final class Int8 {
  /** Words of {@code codes} for each unit. */
  public static final int CODE_WORDS = 32;

  /** Elements of {@code scales} for each unit. */
  public static final int SCALES = 3;

  private static final int ORDER_WORDS = 8;

  private Int8() {}

  /**
   * Rounds activations, one thread per unit.
   *
   * @param x {@code [units][32]}
   * @param codes {@code [4][units][8]}
   * @param scales {@code [units][3]}
   */
  public static void quantize(
      KernelContext context, FloatArray x, IntArray codes, FloatArray scales, int units) {
    int unit = context.globalIdx;
    if (unit < units) {
      int at = unit * Planes.UNIT;
      float largest = 1e-30f; // of nothing but zeros, the codes are zeros too
      for (int i = 0; i < Planes.UNIT; i++) {
        largest = TornadoMath.max(largest, TornadoMath.abs(x.get(at + i)));
      }
      float inverse = 127 / largest;
      for (int order = 0; order < 4; order++) {
        int n = 1 << order;
        for (int j = 0; j < ORDER_WORDS; j++) {
          int first = at + j / n * 4 * n + j % n;
          int word = code(x.get(first), inverse) & 255;
          word |= (code(x.get(first + n), inverse) & 255) << 8;
          word |= (code(x.get(first + 2 * n), inverse) & 255) << 16;
          word |= (code(x.get(first + 3 * n), inverse) & 255) << 24;
          codes.set((order * units + unit) * ORDER_WORDS + j, word);
        }
      }
      int low = 0;
      int high = 0;
      for (int i = 0; i < Codes.GROUP; i++) {
        low += code(x.get(at + i), inverse);
        high += code(x.get(at + Codes.GROUP + i), inverse);
      }
      scales.set(SCALES * unit, largest / 127);
      scales.set(SCALES * unit + 1, low);
      scales.set(SCALES * unit + 2, high);
    }
  }

  /** The nearest integer, of halves the one farther from zero. */
  private static int code(float x, float inverse) {
    float scaled = x * inverse;
    return (int) (scaled < 0 ? scaled - 0.5f : scaled + 0.5f);
  }

  /**
   * Whether weights of this type have codes to multiply: neither F16 nor those of {@link
   * ValueTables}.
   */
  public static boolean supports(int type) {
    return Planes.supports(type) && type != Planes.F16 && !Planes.isTable(type);
  }

  /**
   * The dot product of unit {@code u} of a matrix with unit {@code v} of the activations.
   *
   * @param type of the weights, one that {@link #supports}
   * @param w memory that holds the matrix
   * @param base the matrix's first word
   * @param units of the matrix
   * @param inputs units of the activations
   */
  static float dot(
      int type,
      IntArray w,
      int base,
      int units,
      int u,
      IntArray codes,
      FloatArray scales,
      int inputs,
      int v) {
    float first = half(type, w, base, units, u, codes, inputs, v, 0);
    float second = half(type, w, base, units, u, codes, inputs, v, 1);
    float firstSum = scales.get(SCALES * v + 1);
    float secondSum = scales.get(SCALES * v + 2);
    first -= offset(type) * firstSum;
    second -= offset(type) * secondSum;
    float sum = Codes.scale(type, w, base, units, u, 0) * first;
    sum += Codes.scale(type, w, base, units, u, 1) * second;
    if (Planes.factors(type) == 2) {
      sum -= Codes.min(type, w, base, units, u, 0) * firstSum;
      sum -= Codes.min(type, w, base, units, u, 1) * secondSum;
    }
    return scales.get(SCALES * v) * sum;
  }

  /** What stands for zero, subtracted from all codes of a type. */
  private static int offset(int type) {
    if (type == Planes.Q4_0) {
      return 8;
    } else if (type == Planes.Q3_K) {
      return 4;
    } else {
      return type == Planes.Q6_K ? 32 : 0;
    }
  }

  /** The dot product of half a unit's codes. */
  private static int half(
      int type,
      IntArray w,
      int base,
      int units,
      int u,
      IntArray codes,
      int inputs,
      int v,
      int half) {
    int low = base + u * Planes.lowWords(type);
    int high = base + Planes.highOffset(type, units) + u * Planes.highWords(type);
    int eights = v * ORDER_WORDS + half * 4;
    int fours = eights + inputs * ORDER_WORDS;
    int twos = fours + inputs * ORDER_WORDS;
    if (type == Planes.Q8_0) {
      return bytes(w, low + 4 * half, codes, eights);
    } else if (type == Planes.Q2_K) {
      return twoBits(w.get(low + half), codes, twos);
    } else if (type == Planes.Q3_K) {
      int bits = bits(w.get(high), 0x0101 << (16 * half), codes, twos, inputs, half);
      return twoBits(w.get(low + half), codes, twos) + 4 * bits;
    } else if (type == Planes.Q5_K) {
      int bits = bits(w.get(high), 0x0101 << (16 * half), codes, twos, inputs, half);
      return nibbles(w, low + 2 * half, codes, fours) + 16 * bits;
    } else if (type == Planes.Q6_K) {
      return nibbles(w, low + 2 * half, codes, fours)
          + 16 * twoBits(w.get(high + half), codes, twos);
    } else {
      return nibbles(w, low + 2 * half, codes, fours);
    }
  }

  private static int bytes(IntArray w, int at, IntArray codes, int from) {
    int sum = 0;
    for (int j = 0; j < 4; j++) {
      sum = QuantizationUtils.dp4a_packed(w.get(at + j), codes.get(from + j), sum);
    }
    return sum;
  }

  private static int nibbles(IntArray w, int at, IntArray codes, int from) {
    int sum = 0;
    for (int j = 0; j < 4; j++) {
      int word = (w.get(at + j / 2) >> (4 * (j % 2))) & 0x0f0f0f0f;
      sum = QuantizationUtils.dp4a_packed(word, codes.get(from + j), sum);
    }
    return sum;
  }

  private static int twoBits(int packed, IntArray codes, int from) {
    int sum = 0;
    for (int j = 0; j < 4; j++) {
      int word = (packed >> (2 * j)) & 0x03030303;
      sum = QuantizationUtils.dp4a_packed(word, codes.get(from + j), sum);
    }
    return sum;
  }

  /**
   * Single bits: each word holds some of both halves, so all are read and {@code mask} leaves those
   * of one.
   *
   * @param twos where the codes in the order of 2 bits are; those of single bits follow
   */
  private static int bits(int bits, int mask, IntArray codes, int twos, int inputs, int half) {
    int from = twos + inputs * ORDER_WORDS - half * 4;
    int sum = 0;
    for (int j = 0; j < ORDER_WORDS; j++) {
      sum = QuantizationUtils.dp4a_packed((bits >> j) & mask, codes.get(from + j), sum);
    }
    return sum;
  }
}
