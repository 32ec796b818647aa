package io.foregate.quant;

import static io.foregate.quant.Lanes.N;
import static io.foregate.quant.Lanes.broadcast;
import static io.foregate.quant.Lanes.load;
import static io.foregate.quant.Lanes.toFloats;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

/**
 * Dot products of one row of a 256-element K type in native memory with a Q8_K activation.
 *
 * <p>Codes are unpacked unsigned into 16-bit lanes and multiplied there. What a type subtracts from
 * its codes (a minimum, or a constant centre) multiplies the activation's sums instead, once per
 * sub-block. {@code xo} is where the activation's codes begin; its scales begin at {@code xo / 32}
 * and its sums at {@code xo / 32} or {@code xo / 16}.
 */
final class KDots {
  private KDots() {}

  static float q4(long row, Activation x, int xo, int n) {
    FloatVector sum = Lanes.zero();
    FloatVector minimum = FloatVector.zero(FloatVector.SPECIES_256);
    for (int i = 0; i < n; i += 256) {
      long p = Native.at(row + (i >> 8) * 144L);
      int o = xo + i;
      float dx = x.scales[o >> 5];
      float d = Native.half(p) * dx;
      long scales = k4Scales(p + 4);
      minimum = addSums(k4Mins(p + 4), Native.half(p + 2), x.sums32, o >> 5, minimum);
      sum = nibbles64(p + 16, x.codes, o, d, scales, sum);
      sum = nibbles64(p + 48, x.codes, o + 64, d, scales >>> 16, sum);
      sum = nibbles64(p + 80, x.codes, o + 128, d, scales >>> 32, sum);
      sum = nibbles64(p + 112, x.codes, o + 192, d, scales >>> 48, sum);
    }
    return Lanes.sum(sum.sub(Lanes.widen(minimum)));
  }

  /**
   * 32 bytes: low nibbles are 32 elements with the scale in byte 0 of {@code scales}, high ones the
   * next 32 with byte 1.
   */
  private static FloatVector nibbles64(
      long p, short[] x, int xo, float d, long scales, FloatVector sum) {
    FloatVector scale0 = broadcast(d * (scales & 63));
    FloatVector scale1 = broadcast(d * ((scales >>> 8) & 63));
    for (int j = 0; j < 32; j += 2 * N) {
      ShortVector a = Native.unsignedBytes(p + j);
      ShortVector b = Native.unsignedBytes(p + j + N);
      ShortVector low =
          Lanes.low4(a).mul(load(x, xo + j)).add(Lanes.low4(b).mul(load(x, xo + j + N)));
      ShortVector high =
          Lanes.right(a, 4)
              .mul(load(x, xo + j + 32))
              .add(Lanes.right(b, 4).mul(load(x, xo + j + N + 32)));
      sum = toFloats(high).fma(scale1, toFloats(low).fma(scale0, sum));
    }
    return sum;
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

  /** Adds {@code d * byte[j] * sums[so + j]} for the 8 signed bytes of {@code factors}. */
  private static FloatVector addSums(
      long factors, float d, float[] sums, int so, FloatVector total) {
    FloatVector s = FloatVector.fromArray(FloatVector.SPECIES_256, sums, so);
    return Lanes.eightBytes(factors).mul(d).fma(s, total);
  }

  static float q5(long row, Activation x, int xo, int n) {
    FloatVector sum = Lanes.zero();
    FloatVector minimum = FloatVector.zero(FloatVector.SPECIES_256);
    for (int i = 0; i < n; i += 256) {
      long p = Native.at(row + (i >> 8) * 176L);
      int o = xo + i;
      float d = Native.half(p) * x.scales[o >> 5];
      long scales = k4Scales(p + 4);
      minimum = addSums(k4Mins(p + 4), Native.half(p + 2), x.sums32, o >> 5, minimum);
      for (int j = 0; j < 32; j += N) {
        ShortVector high = Native.unsignedBytes(p + 16 + j);
        sum = five(p + 48 + j, high, 4, 3, x.codes, o + j, d, scales, sum);
        sum = five(p + 80 + j, high, 2, 1, x.codes, o + 64 + j, d, scales >>> 16, sum);
        high = Lanes.right(high, 4);
        sum = five(p + 112 + j, high, 4, 3, x.codes, o + 128 + j, d, scales >>> 32, sum);
        sum = five(p + 144 + j, high, 2, 1, x.codes, o + 192 + j, d, scales >>> 48, sum);
      }
    }
    return Lanes.sum(sum.sub(Lanes.widen(minimum)));
  }

  /**
   * N bytes of nibbles; their fifth bits are those of {@code high} that shifts left by {@code s0}
   * and {@code s1} bring to 16.
   */
  private static FloatVector five(
      long p,
      ShortVector high,
      int s0,
      int s1,
      short[] x,
      int xo,
      float d,
      long scales,
      FloatVector sum) {
    ShortVector bytes = Native.unsignedBytes(p);
    ShortVector low = Lanes.low4(bytes).or(Lanes.left(high, s0).and((short) 16));
    ShortVector top = Lanes.right(bytes, 4).or(Lanes.left(high, s1).and((short) 16));
    sum = toFloats(low.mul(load(x, xo))).fma(broadcast(d * (scales & 63)), sum);
    return toFloats(top.mul(load(x, xo + 32))).fma(broadcast(d * ((scales >>> 8) & 63)), sum);
  }

  static float q6(long row, Activation x, int xo, int n) {
    FloatVector sum = Lanes.zero();
    FloatVector centre = Lanes.zero();
    for (int i = 0; i < n; i += 256) {
      long p = Native.at(row + (i >> 8) * 210L);
      int o = xo + i;
      float dw = Native.half(p + 208);
      float d = dw * x.scales[o >> 5];
      for (int j = 0; j < 16; j += N) {
        FloatVector scale = Native.byteFloats(p + 192 + j).mul(dw);
        centre = scale.fma(load(x.sums16, (o >> 4) + j), centre);
      }
      sum = six128(p, p + 128, Native.i64(p + 192), x.codes, o, d, sum);
      sum = six128(p + 64, p + 160, Native.i64(p + 200), x.codes, o + 128, d, sum);
    }
    return Lanes.sum(sum.sub(centre.mul(32)));
  }

  /** 128 elements, 8 sub-blocks whose signed scales are the bytes of {@code scales}. */
  private static FloatVector six128(
      long low, long high, long scales, short[] x, int xo, float d, FloatVector sum) {
    for (int j = 0; j < 32; j += N) {
      long s = scales >>> (j >> 4 << 3);
      ShortVector a = Native.unsignedBytes(low + j);
      ShortVector b = Native.unsignedBytes(low + 32 + j);
      ShortVector h = Native.unsignedBytes(high + j);
      ShortVector q0 = Lanes.low4(a).or(Lanes.left(h, 4).and((short) 48));
      ShortVector q1 = Lanes.low4(b).or(Lanes.left(h, 2).and((short) 48));
      ShortVector q2 = Lanes.right(a, 4).or(h.and((short) 48));
      ShortVector q3 = Lanes.right(b, 4).or(Lanes.right(h, 2).and((short) 48));
      int o = xo + j;
      sum = toFloats(q0.mul(load(x, o))).fma(broadcast(d * (byte) s), sum);
      sum = toFloats(q1.mul(load(x, o + 32))).fma(broadcast(d * (byte) (s >>> 16)), sum);
      sum = toFloats(q2.mul(load(x, o + 64))).fma(broadcast(d * (byte) (s >>> 32)), sum);
      sum = toFloats(q3.mul(load(x, o + 96))).fma(broadcast(d * (byte) (s >>> 48)), sum);
    }
    return sum;
  }

  static float q2(long row, Activation x, int xo, int n) {
    FloatVector sum = Lanes.zero();
    FloatVector minimum = FloatVector.zero(FloatVector.SPECIES_256);
    for (int i = 0; i < n; i += 256) {
      long p = Native.at(row + (i >> 8) * 84L);
      int o = xo + i;
      float d = Native.half(p + 80) * x.scales[o >> 5];
      long s0 = Native.i64(p);
      long s1 = Native.i64(p + 8);
      float dmin = Native.half(p + 82);
      int so = o >> 4;
      minimum = addSums((s0 >>> 4) & 0x0F0F0F0F0F0F0F0FL, dmin, x.sums16, so, minimum);
      minimum = addSums((s1 >>> 4) & 0x0F0F0F0F0F0F0F0FL, dmin, x.sums16, so + 8, minimum);
      sum = two128(p + 16, s0 & 0x0F0F0F0F0F0F0F0FL, x.codes, o, d, sum);
      sum = two128(p + 48, s1 & 0x0F0F0F0F0F0F0F0FL, x.codes, o + 128, d, sum);
    }
    return Lanes.sum(sum.sub(Lanes.widen(minimum)));
  }

  private static FloatVector two128(
      long p, long scales, short[] x, int xo, float d, FloatVector sum) {
    for (int j = 0; j < 32; j += N) {
      long s = scales >>> (j >> 4 << 3);
      ShortVector a = Native.unsignedBytes(p + j);
      int o = xo + j;
      sum = crumbs(a, 0, x, o, d * (byte) s, sum);
      sum = crumbs(a, 2, x, o + 32, d * (byte) (s >>> 16), sum);
      sum = crumbs(a, 4, x, o + 64, d * (byte) (s >>> 32), sum);
      sum = crumbs(a, 6, x, o + 96, d * (byte) (s >>> 48), sum);
    }
    return sum;
  }

  private static FloatVector crumbs(
      ShortVector a, int shift, short[] x, int xo, float scale, FloatVector sum) {
    ShortVector q = Lanes.right(a, shift).and((short) 3);
    return toFloats(q.mul(load(x, xo))).fma(broadcast(scale), sum);
  }

  static float q3(long row, Activation x, int xo, int n) {
    FloatVector sum = Lanes.zero();
    FloatVector centre = FloatVector.zero(FloatVector.SPECIES_256);
    for (int i = 0; i < n; i += 256) {
      long p = Native.at(row + (i >> 8) * 110L);
      int o = xo + i;
      float dw = Native.half(p + 108);
      float d = dw * x.scales[o >> 5];
      long s0 = q3Scales(p + 96, 0);
      long s1 = q3Scales(p + 96, 4);
      centre = addSums(s0, dw, x.sums16, o >> 4, centre);
      centre = addSums(s1, dw, x.sums16, (o >> 4) + 8, centre);
      for (int j = 0; j < 32; j += N) {
        int byteShift = j >> 4 << 3;
        ShortVector h = Native.unsignedBytes(p + j);
        ShortVector a = Native.unsignedBytes(p + 32 + j);
        sum = three64(a, h, x.codes, o + j, d, s0 >>> byteShift, sum);
        a = Lanes.right(a, 4);
        h = Lanes.right(h, 2);
        sum = three64(a, h, x.codes, o + 64 + j, d, s0 >>> (byteShift + 32), sum);
        a = Native.unsignedBytes(p + 64 + j);
        h = Lanes.right(h, 2);
        sum = three64(a, h, x.codes, o + 128 + j, d, s1 >>> byteShift, sum);
        a = Lanes.right(a, 4);
        h = Lanes.right(h, 2);
        sum = three64(a, h, x.codes, o + 192 + j, d, s1 >>> (byteShift + 32), sum);
      }
    }
    return Lanes.sum(sum.sub(Lanes.widen(centre.mul(4))));
  }

  /**
   * N elements from the lowest 2 bits of {@code a} and bit 0 of {@code h}, and N from the next bits
   * for the run after.
   */
  private static FloatVector three64(
      ShortVector a, ShortVector h, short[] x, int xo, float d, long scales, FloatVector sum) {
    ShortVector q0 = a.and((short) 3).or(Lanes.left(h, 2).and((short) 4));
    ShortVector q1 = Lanes.right(a, 2).and((short) 3).or(Lanes.left(h, 1).and((short) 4));
    sum = toFloats(q0.mul(load(x, xo))).fma(broadcast(d * (byte) scales), sum);
    return toFloats(q1.mul(load(x, xo + 32))).fma(broadcast(d * (byte) (scales >>> 16)), sum);
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
