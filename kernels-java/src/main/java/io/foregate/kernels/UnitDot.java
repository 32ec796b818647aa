package io.foregate.kernels;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Dot products of one unit (32 weights of a matrix in {@link Planes}) with 32 floats: sums of codes
 * times floats, then once the scales and minima of {@link Codes}.
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
    float scale = Codes.scale(type, w, base, units, u, 0);
    if (type == Planes.F16) {
      return f16(w, low, x, at);
    } else if (type == Planes.Q8_0) {
      return scale * bytes(w, low, x, at);
    } else if (type == Planes.Q4_0) {
      return scale * (nibbles(w, low, x, at) - 8 * sum(x, at, 32));
    } else if (type == Planes.Q4_K) {
      float min = Codes.min(type, w, base, units, u, 0);
      return scale * nibbles(w, low, x, at) - min * sum(x, at, 32);
    } else if (type == Planes.Q5_K) {
      float min = Codes.min(type, w, base, units, u, 0);
      float codes = nibbles(w, low, x, at) + 16 * bits(w.get(high), x, at, 32);
      return scale * codes - min * sum(x, at, 32);
    }
    float second = Codes.scale(type, w, base, units, u, 1);
    if (type == Planes.Q2_K) {
      float min = Codes.min(type, w, base, units, u, 0);
      float secondMin = Codes.min(type, w, base, units, u, 1);
      float codes = scale * crumbs(w.get(low), x, at) + second * crumbs(w.get(low + 1), x, at + 16);
      return codes - (min * sum(x, at, 16) + secondMin * sum(x, at + 16, 16));
    } else if (type == Planes.Q3_K) {
      int highs = w.get(high);
      return scale * q3(w.get(low), highs, x, at)
          + second * q3(w.get(low + 1), highs >> 16, x, at + 16);
    } else {
      return scale * q6(w, low, w.get(high), x, at)
          + second * q6(w, low + 2, w.get(high + 1), x, at + 16);
    }
  }

  private static float f16(IntArray w, int low, FloatArray x, int at) {
    float sum = 0;
    for (int i = 0; i < 16; i++) {
      int word = w.get(low + i);
      sum += Halves.decode(word) * x.get(at + 2 * i);
      sum += Halves.decode(word >> 16) * x.get(at + 2 * i + 1);
    }
    return sum;
  }

  private static float bytes(IntArray w, int low, FloatArray x, int at) {
    float sum = 0;
    for (int i = 0; i < 8; i++) {
      int word = w.get(low + i);
      sum += ((word << 24) >> 24) * x.get(at + 4 * i);
      sum += ((word << 16) >> 24) * x.get(at + 4 * i + 1);
      sum += ((word << 8) >> 24) * x.get(at + 4 * i + 2);
      sum += (word >> 24) * x.get(at + 4 * i + 3);
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
  private static float crumbs(int word, FloatArray x, int at) {
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

  /** Of Q3_K, 16 weights. */
  private static float q3(int crumbs, int highs, FloatArray x, int at) {
    return crumbs(crumbs, x, at) + 4 * bits(highs, x, at, 16) - 4 * sum(x, at, 16);
  }

  /** Of Q6_K, 16 weights. */
  private static float q6(IntArray w, int low, int crumbs, FloatArray x, int at) {
    return nibbles(w.get(low), x, at)
        + nibbles(w.get(low + 1), x, at + 8)
        + 16 * crumbs(crumbs, x, at)
        - 32 * sum(x, at, 16);
  }
}
