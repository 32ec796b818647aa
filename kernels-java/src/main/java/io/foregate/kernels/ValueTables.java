package io.foregate.kernels;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The types of {@link Planes} whose codes of 4 bits stand for 16 values: MXFP4 (E2M1 of the OCP
 * Microscaling Formats 1.0, with a power of two per unit), IQ4_NL and IQ4_XS (ggml's {@code
 * kvalues_iq4nl}, with an F16 factor per unit, or 6 bits per unit of 8 units' factor).
 *
 * <p>The values are constants in registers: arrays of constants are not to be had in a kernel.
 */
final class ValueTables {
  /** E2M1 doubled to be whole, without the sign: 0, 1, 2, 3, 4, 6, 8, 12, in nibbles. */
  private static final int E2M1 = 0xC8643210;

  /** Bytes of -127, -104, -83, -65. */
  private static final int IQ4_0 = 0xBFAD9881;

  /** Bytes of -49, -35, -22, -10. */
  private static final int IQ4_4 = 0xF6EADDCF;

  /** Bytes of 1, 13, 25, 38. */
  private static final int IQ4_8 = 0x26190D01;

  /** Bytes of 53, 69, 89, 113. */
  private static final int IQ4_12 = 0x71594535;

  private ValueTables() {}

  /** What a code stands for, without the scale; of MXFP4, doubled. */
  static int value(int type, int code) {
    if (type == Planes.MXFP4) {
      int magnitude = (E2M1 >> (4 * (code & 7))) & 15;
      return code < 8 ? magnitude : -magnitude;
    } else {
      int low = code < 4 ? IQ4_0 : IQ4_4;
      int high = code < 12 ? IQ4_8 : IQ4_12;
      int four = code < 8 ? low : high;
      return (((four >> (8 * (code & 3))) & 255) ^ 128) - 128;
    }
  }

  /** What the values of unit {@code u} are multiplied with, see {@link Codes#scale}. */
  static float scale(int type, IntArray w, int base, int units, int u) {
    int factors = base + Planes.factorOffset(type, units);
    if (type == Planes.MXFP4) {
      return power((w.get(factors + (u >> 2)) >> (8 * (u & 3))) & 255);
    } else if (type == Planes.IQ4_NL) {
      return F16Bits.decode(w.get(factors + (u >> 1)) >> ((u & 1) * 16));
    } else {
      int j = u & 7;
      int scales = base + Planes.scaleOffset(type, units) + (u >> 3) * 2;
      int second = w.get(scales + 1); // high bits, and the F16 factor
      int scale = ((w.get(scales) >> (4 * j)) & 15) + 16 * ((second >> (2 * j)) & 3) - 32;
      return F16Bits.decode(second >> 16) * scale;
    }
  }

  /**
   * {@code 2^(exponent - 128)}: half of what an E8M0 scale says, as {@link #value} is doubled.
   * Below 2^-126 (subnormal, which devices may take for 0) it is that.
   *
   * @param exponent 0 to 254
   */
  private static float power(int exponent) {
    int up = TornadoMath.max(exponent - 128, 0);
    int down = TornadoMath.min(TornadoMath.max(128 - exponent, 0), 126);
    float numerator = (float) (1L << (up / 2)) * (float) (1L << (up - up / 2));
    float denominator = (float) (1L << (down / 2)) * (float) (1L << (down - down / 2));
    return numerator / denominator;
  }

  /** The dot product of the values of 32 codes with {@code x[at .. at + 32)}. */
  static float dot(int type, IntArray w, int low, FloatArray x, int at) {
    float sum = 0;
    for (int i = 0; i < 4; i++) {
      int word = w.get(low + i);
      for (int j = 0; j < 8; j++) {
        sum += value(type, (word >> (4 * j)) & 15) * x.get(at + 8 * i + j);
      }
    }
    return sum;
  }
}
