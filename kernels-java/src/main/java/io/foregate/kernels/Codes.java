package io.foregate.kernels;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Single weights of a matrix in {@link Planes}: {@code scale * code - min}, where 16 neighbours
 * share scale and minimum. The formulas are ggml's ({@code dequantize_row_*}), with what is
 * subtracted from all codes of a type already subtracted.
 *
 * <p>Scale words of a block of 8 units, as {@code PlanePacker} writes them:
 *
 * <ul>
 *   <li>Q4_K, Q5_K: low 4 bits of the 8 scales; low 4 bits of the 8 minima; high 2 bits of the
 *       scales (bits 0-15) and of the minima (16-31);
 *   <li>Q3_K: low 4 bits of scales 0-7; of 8-15; high 2 bits of all 16;
 *   <li>Q2_K, Q6_K: 16 bytes as ggml has them, two per unit;
 *   <li>IQ4_XS: low 4 bits of the 8 scales; their high 2 bits and, from bit 16 on, the F16 factor.
 * </ul>
 *
 * <p>In all methods {@code w} is the memory that holds the matrix, {@code base} the matrix's first
 * word, {@code units} how many units it has, {@code u} one of them, {@code half} 0 for its first 16
 * weights and 1 for the others.
 *
 * <p>A signed byte is taken as {@code ((bits & 255) ^ 128) - 128}: shifted to the right, no number
 * keeps its sign where TornadoVM 5.2 makes PTX.
 */
final class Codes {
  /** Weights that share scale and minimum. */
  static final int GROUP = 16;

  private Codes() {}

  /** What the codes of half a unit are multiplied with. */
  static float scale(int type, IntArray w, int base, int units, int u, int half) {
    int factors = base + Planes.factorOffset(type, units);
    int scales = base + Planes.scaleOffset(type, units) + (u >> 3) * Planes.scaleWords(type);
    int j = u & 7;
    if (type == Planes.F16) {
      return 1;
    } else if (type == Planes.Q4_0) {
      return factor(w, factors, u);
    } else if (type == Planes.Q8_0) {
      return factor(w, factors, u);
    } else if (type == Planes.Q2_K) {
      return F16Bits.decode(w.get(factors + (u >> 3))) * (bytes(w, scales, j, half) & 15);
    } else if (type == Planes.Q3_K) {
      int low = w.get(scales + (j >> 2)) >> ((j & 3) * 8 + 4 * half);
      int high = w.get(scales + 2) >> (4 * j + 2 * half);
      return factor(w, factors, u >> 3) * ((low & 15) + 16 * (high & 3) - 32);
    } else if (type == Planes.Q6_K) {
      return factor(w, factors, u >> 3) * (((bytes(w, scales, j, half) & 255) ^ 128) - 128);
    } else if (Planes.isTable(type)) {
      return ValueTables.scale(type, w, base, units, u);
    } else {
      int scale = (w.get(scales) >> (4 * j)) & 15;
      int high = (w.get(scales + 2) >> (2 * j)) & 3;
      return F16Bits.decode(w.get(factors + (u >> 3))) * (scale + 16 * high);
    }
  }

  /** What is subtracted from weights of half a unit; 0 of most types. */
  static float min(int type, IntArray w, int base, int units, int u, int half) {
    if (Planes.factors(type) < 2) {
      return 0;
    }
    int factors = w.get(base + Planes.factorOffset(type, units) + (u >> 3));
    int scales = base + Planes.scaleOffset(type, units) + (u >> 3) * Planes.scaleWords(type);
    int j = u & 7;
    int min;
    if (type == Planes.Q2_K) {
      min = (bytes(w, scales, j, half) >> 4) & 15;
    } else {
      int high = (w.get(scales + 2) >> (2 * j + 16)) & 3;
      min = ((w.get(scales + 1) >> (4 * j)) & 15) + 16 * high;
    }
    return F16Bits.decode(factors >> 16) * min;
  }

  /**
   * The code of a weight.
   *
   * @param low first word of the unit in the low plane
   * @param high likewise in the high plane
   * @param i of the unit, 0 to 31
   */
  static float code(int type, IntArray w, int low, int high, int i) {
    if (type == Planes.F16) {
      return F16Bits.decode(w.get(low + (i >> 1)) >> ((i & 1) * 16));
    }
    return whole(type, w, low, high, i);
  }

  /** The same of a type whose codes are integers. */
  static int whole(int type, IntArray w, int low, int high, int i) {
    if (type == Planes.Q8_0) {
      return (((w.get(low + (i >> 2)) >> (8 * (i & 3))) & 255) ^ 128) - 128;
    } else if (type == Planes.Q4_0) {
      return nibble(w, low, i) - 8;
    } else if (type == Planes.Q2_K) {
      return twoBits(w, low, i);
    } else if (type == Planes.Q3_K) {
      return twoBits(w, low, i) + 4 * bit(w, high, i) - 4;
    } else if (type == Planes.Q4_K) {
      return nibble(w, low, i);
    } else if (type == Planes.Q5_K) {
      return nibble(w, low, i) + 16 * bit(w, high, i);
    } else if (type == Planes.Q6_K) {
      return nibble(w, low, i) + 16 * twoBits(w, high, i) - 32;
    } else {
      return ValueTables.value(type, nibble(w, low, i));
    }
  }

  /** F16 factor {@code i} of a plane of them. */
  private static float factor(IntArray w, int plane, int i) {
    return F16Bits.decode(w.get(plane + (i >> 1)) >> ((i & 1) * 16));
  }

  /** Of Q2_K and Q6_K: the byte of half a unit, in the low bits. */
  private static int bytes(IntArray w, int scales, int j, int half) {
    return w.get(scales + (j >> 1)) >> ((j & 1) * 16 + 8 * half);
  }

  private static int nibble(IntArray w, int at, int i) {
    return (w.get(at + (i >> 3)) >> (4 * (i & 7))) & 15;
  }

  private static int twoBits(IntArray w, int at, int i) {
    return (w.get(at + (i >> 4)) >> (2 * (i & 15))) & 3;
  }

  private static int bit(IntArray w, int at, int i) {
    return (w.get(at) >> i) & 1;
  }
}
