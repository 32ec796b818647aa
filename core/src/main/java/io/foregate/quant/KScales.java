package io.foregate.quant;

import io.foregate.gguf.GgmlType;
import jdk.incubator.vector.FloatVector;

/**
 * The scales of K types' sub-blocks: {@link #spread} prepares those of a row for {@link KDots}.
 *
 * <p>A code's share of a dot product is {@code scale * (code - centre)} or {@code scale * code -
 * min}. Centre and min meet sums of activations, which are the same for every row, and so cost one
 * FMA for eight sub-blocks.
 */
final class KScales {
  private static final long LOW_NIBBLES = 0x0F0F0F0F0F0F0F0FL;

  private KScales() {}

  /**
   * Stores every sub-block's scale times the activation's; returns what is to be subtracted from
   * the products of unsigned codes. Parameters as {@link KDots#dot}.
   */
  static float spread(GgmlType type, long row, Activation x, int xo, int n, float[] scales) {
    return switch (type) {
      case Q2_K -> q2(row, x, xo, n, scales);
      case Q3_K -> 4 * q3(row, x, xo, n, scales);
      case Q4_K -> q45(144, row, x, xo, n, scales);
      case Q5_K -> q45(176, row, x, xo, n, scales);
      default -> 32 * q6(row, x, xo, n, scales);
    };
  }

  private static float q45(int bytes, long row, Activation x, int xo, int n, float[] scales) {
    FloatVector minimum = FloatVector.zero(FloatVector.SPECIES_256);
    for (int b = 0; b < n >> 8; b++) {
      long p = Native.at(row + b * (long) bytes);
      int o = (xo >> 5) + 8 * b;
      minimum = addSums(k4Mins(p + 4), Native.half(p + 2), x.sums32, o, minimum);
      store(k4Scales(p + 4), Native.half(p) * x.scales[o], scales, 8 * b);
    }
    return Lanes.sumOfEight(minimum);
  }

  private static float q2(long row, Activation x, int xo, int n, float[] scales) {
    FloatVector minimum = FloatVector.zero(FloatVector.SPECIES_256);
    for (int h = 0; h < n >> 7; h++) {
      long p = Native.at(row + (h >> 1) * 84L);
      int o = xo + 128 * h;
      long packed = Native.i64(Native.at(p + 8L * (h & 1)));
      minimum =
          addSums((packed >>> 4) & LOW_NIBBLES, Native.half(p + 82), x.sums16, o >> 4, minimum);
      store(packed & LOW_NIBBLES, Native.half(p + 80) * x.scales[o >> 5], scales, 8 * h);
    }
    return Lanes.sumOfEight(minimum);
  }

  private static float q3(long row, Activation x, int xo, int n, float[] scales) {
    FloatVector centre = FloatVector.zero(FloatVector.SPECIES_256);
    for (int h = 0; h < n >> 7; h++) {
      long p = Native.at(row + (h >> 1) * 110L);
      int o = xo + 128 * h;
      float d = Native.half(p + 108);
      long factors = q3Scales(p + 96, 4 * (h & 1));
      centre = addSums(factors, d, x.sums16, o >> 4, centre);
      store(factors, d * x.scales[o >> 5], scales, 8 * h);
    }
    return Lanes.sumOfEight(centre);
  }

  private static float q6(long row, Activation x, int xo, int n, float[] scales) {
    FloatVector centre = FloatVector.zero(FloatVector.SPECIES_256);
    for (int h = 0; h < n >> 7; h++) {
      long p = Native.at(row + (h >> 1) * 210L);
      int o = xo + 128 * h;
      float d = Native.half(p + 208);
      long factors = Native.i64(Native.at(p + 8L * (h & 1)) + 192);
      centre = addSums(factors, d, x.sums16, o >> 4, centre);
      store(factors, d * x.scales[o >> 5], scales, 8 * h);
    }
    return Lanes.sumOfEight(centre);
  }

  /** Adds {@code d * byte[j] * sums[so + j]} for the 8 signed bytes of {@code factors}. */
  private static FloatVector addSums(
      long factors, float d, float[] sums, int so, FloatVector total) {
    FloatVector s = FloatVector.fromArray(FloatVector.SPECIES_256, sums, so);
    return Lanes.eightBytes(factors).mul(d).fma(s, total);
  }

  /** Stores {@code d} times the 8 signed bytes of {@code factors}. */
  private static void store(long factors, float d, float[] out, int to) {
    Lanes.eightBytes(factors).mul(d).intoArray(out, to);
  }

  /** The 8 six-bit scales that {@link UnpackedBlock#k4Scale} reads one by one, as bytes. */
  static long k4Scales(long p) {
    long a = Native.i32(p);
    long c = Native.i32(p + 8);
    return (a & 0x3F3F3F3FL) | (((c & 0x0F0F0F0FL) | ((a >>> 2) & 0x30303030L)) << 32);
  }

  /** The 8 six-bit minima, as bytes. */
  static long k4Mins(long p) {
    long b = Native.i32(p + 4);
    long c = Native.i32(p + 8);
    return (b & 0x3F3F3F3FL) | ((((c >>> 4) & 0x0F0F0F0FL) | ((b >>> 2) & 0x30303030L)) << 32);
  }

  /**
   * Eight of the 16 scales that {@link UnpackedBlock#q3Scale} reads one by one, minus 32, as signed
   * bytes.
   */
  static long q3Scales(long p, int shift) {
    long low = (Native.i64(p) >>> shift) & 0x0F0F0F0F0F0F0F0FL;
    long high = (Native.i32(p + 8) & 0xFFFF_FFFFL) >>> shift;
    long bits = (high & 0x03030303L) | (((high >>> 2) & 0x03030303L) << 32);
    // Each byte is 0..63: setting bit 7 keeps the subtraction from borrowing across bytes.
    long sum = low | (bits << 4);
    return ((sum | 0x8080808080808080L) - 0x2020202020202020L) ^ 0x8080808080808080L;
  }
}
