package io.foregate.kernels;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Dot products of one unit (32 weights of a matrix in {@link Planes}) with 32 floats. The types'
 * formulas are ggml's ({@code dequantize_row_*}), with the scale taken out of the sum.
 *
 * <p>It could be said by {@link Codes}, shorter: but of methods with three calls of this, TornadoVM
 * 5.2 then fails to compile some ("unable to build sketch"), as if they were too long.
 */
final class UnitDot {
  private UnitDot() {}

  /**
   * The dot product of unit {@code u} with {@code x[at .. at + 32)}.
   *
   * @param type of the weights, see {@link Planes}; a constant where it is called
   * @param w memory that holds the matrix
   * @param base the matrix's first word
   * @param units of the matrix
   * @param u which unit
   */
  static float dot(int type, IntArray w, int base, int units, int u, FloatArray x, int at) {
    int low = base + u * Planes.lowWords(type);
    int high = base + Planes.highOffset(type, units) + u * Planes.highWords(type);
    int scales = base + Planes.scaleOffset(type, units) + (u >> 3) * Planes.scaleWords(type);
    int factors = base + Planes.factorOffset(type, units);
    if (type == Planes.F16) {
      return f16(w, low, x, at);
    } else if (type == Planes.Q8_0) {
      return factor(w, factors, u) * bytes(w, low, x, at);
    } else if (type == Planes.Q4_0) {
      return factor(w, factors, u) * (nibbles(w, low, x, at) - 8 * sum(x, at, 32));
    } else if (type == Planes.Q2_K) {
      return q2(w, low, scales, w.get(factors + (u >> 3)), u & 7, x, at);
    } else if (type == Planes.Q3_K) {
      return factor(w, factors, u >> 3) * q3(w, low, high, scales, u & 7, x, at);
    } else if (type == Planes.Q4_K) {
      float codes = nibbles(w, low, x, at);
      return q45(w, scales, w.get(factors + (u >> 3)), u & 7, codes, sum(x, at, 32));
    } else if (type == Planes.Q5_K) {
      float codes = nibbles(w, low, x, at) + 16 * bits(w.get(high), x, at, 32);
      return q45(w, scales, w.get(factors + (u >> 3)), u & 7, codes, sum(x, at, 32));
    } else if (type == Planes.Q6_K) {
      return factor(w, factors, u >> 3) * q6(w, low, high, scales, u & 7, x, at);
    } else {
      return ValueTables.scale(type, w, base, units, u) * ValueTables.dot(type, w, low, x, at);
    }
  }

  /** F16 factor {@code i} of a plane of them. */
  private static float factor(IntArray w, int plane, int i) {
    return F16Bits.decode(w.get(plane + (i >> 1)) >> ((i & 1) * 16));
  }

  private static float f16(IntArray w, int low, FloatArray x, int at) {
    float sum = 0;
    for (int i = 0; i < 16; i++) {
      int word = w.get(low + i);
      sum += F16Bits.decode(word) * x.get(at + 2 * i);
      sum += F16Bits.decode(word >> 16) * x.get(at + 2 * i + 1);
    }
    return sum;
  }

  private static float bytes(IntArray w, int low, FloatArray x, int at) {
    float sum = 0;
    for (int i = 0; i < 8; i++) {
      int word = w.get(low + i) ^ 0x80808080; // adds 128 to each, see Codes
      sum += ((word & 255) - 128) * x.get(at + 4 * i);
      sum += (((word >> 8) & 255) - 128) * x.get(at + 4 * i + 1);
      sum += (((word >> 16) & 255) - 128) * x.get(at + 4 * i + 2);
      sum += (((word >> 24) & 255) - 128) * x.get(at + 4 * i + 3);
    }
    return sum;
  }

  /** The dot product of 32 codes of 4 bits. */
  private static float nibbles(IntArray w, int low, FloatArray x, int at) {
    float sum = 0;
    for (int i = 0; i < 4; i++) {
      sum += nibbles(w.get(low + i), x, at + 8 * i);
    }
    return sum;
  }

  private static float nibbles(int word, FloatArray x, int at) {
    float sum = 0;
    for (int i = 0; i < 8; i++) {
      sum += ((word >> (4 * i)) & 15) * x.get(at + i);
    }
    return sum;
  }

  /** The dot product of 16 codes of 2 bits. */
  private static float twoBits(int word, FloatArray x, int at) {
    float sum = 0;
    for (int i = 0; i < 16; i++) {
      sum += ((word >> (2 * i)) & 3) * x.get(at + i);
    }
    return sum;
  }

  /** The sum of those floats whose bit is set. */
  private static float bits(int word, FloatArray x, int at, int count) {
    float sum = 0;
    for (int i = 0; i < count; i++) {
      sum += ((word >> i) & 1) * x.get(at + i);
    }
    return sum;
  }

  private static float sum(FloatArray x, int at, int count) {
    float sum = 0;
    for (int i = 0; i < count; i++) {
      sum += x.get(at + i);
    }
    return sum;
  }

  /** Q4_K and Q5_K: one scale and one minimum per unit, 6 bits each. */
  private static float q45(IntArray w, int scales, int factors, int j, float codes, float total) {
    int highs = w.get(scales + 2);
    int scale = ((w.get(scales) >> (4 * j)) & 15) + 16 * ((highs >> (2 * j)) & 3);
    int min = ((w.get(scales + 1) >> (4 * j)) & 15) + 16 * ((highs >> (2 * j + 16)) & 3);
    return F16Bits.decode(factors) * scale * codes - F16Bits.decode(factors >> 16) * min * total;
  }

  private static float q2(
      IntArray w, int low, int scales, int factors, int j, FloatArray x, int at) {
    int pair = w.get(scales + (j >> 1)) >> ((j & 1) * 16);
    float codes =
        (pair & 15) * twoBits(w.get(low), x, at)
            + ((pair >> 8) & 15) * twoBits(w.get(low + 1), x, at + 16);
    float mins = ((pair >> 4) & 15) * sum(x, at, 16) + ((pair >> 12) & 15) * sum(x, at + 16, 16);
    return F16Bits.decode(factors) * codes - F16Bits.decode(factors >> 16) * mins;
  }

  private static float q3(IntArray w, int low, int high, int scales, int j, FloatArray x, int at) {
    int nibbles = w.get(scales + (j >> 2)) >> ((j & 3) * 8);
    int twoBits = w.get(scales + 2) >> (4 * j);
    int first = (nibbles & 15) + 16 * (twoBits & 3) - 32;
    int second = ((nibbles >> 4) & 15) + 16 * ((twoBits >> 2) & 3) - 32;
    int highs = w.get(high);
    float a = twoBits(w.get(low), x, at) + 4 * bits(highs, x, at, 16) - 4 * sum(x, at, 16);
    float b =
        twoBits(w.get(low + 1), x, at + 16)
            + 4 * bits(highs >> 16, x, at + 16, 16)
            - 4 * sum(x, at + 16, 16);
    return first * a + second * b;
  }

  private static float q6(IntArray w, int low, int high, int scales, int j, FloatArray x, int at) {
    int pair = w.get(scales + (j >> 1)) >> ((j & 1) * 16);
    float a =
        nibbles(w.get(low), x, at)
            + nibbles(w.get(low + 1), x, at + 8)
            + 16 * twoBits(w.get(high), x, at)
            - 32 * sum(x, at, 16);
    float b =
        nibbles(w.get(low + 2), x, at + 16)
            + nibbles(w.get(low + 3), x, at + 24)
            + 16 * twoBits(w.get(high + 1), x, at + 16)
            - 32 * sum(x, at + 16, 16);
    return (((pair & 255) ^ 128) - 128) * a + ((((pair >> 8) & 255) ^ 128) - 128) * b;
  }
}
