package io.foregate.quant.vector;

import static io.foregate.quant.vector.Lanes.N;
import static io.foregate.quant.vector.Lanes.broadcast;
import static io.foregate.quant.vector.Lanes.load;
import static io.foregate.quant.vector.Lanes.toFloats;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;

/**
 * Dot products of one row of a 32-element type in native memory with a Q8_0 or Q8_1 activation:
 * integer products in 16-bit lanes, two of which fit one lane for every type (2 * 128 * 127 &lt;
 * 2^15), then one float FMA per lane and block.
 *
 * <p>{@code xo} is where the activation's codes begin; its scales and sums begin at {@code xo /
 * 32}.
 */
final class LegacyDots {
  private LegacyDots() {}

  static float q80(long row, ActivationRows x, int xo, int n) {
    short[] codes = x.codes;
    float[] scales = x.scales;
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < n; i += 32) {
      long p = Native.at(row + (i >> 5) * 34L);
      FloatVector products = bytePair(p + 2, codes, xo + i);
      if (N == 8) {
        products = products.add(bytePair(p + 18, codes, xo + i + 16));
      }
      sum = products.fma(broadcast(Native.f16(p) * scales[(xo + i) >> 5]), sum);
    }
    return Lanes.sum(sum);
  }

  private static FloatVector bytePair(long p, short[] x, int xo) {
    ShortVector first = Native.signedBytes(p).mul(load(x, xo));
    return toFloats(first.add(Native.signedBytes(p + N).mul(load(x, xo + N))));
  }

  static float q40(long row, ActivationRows x, int xo, int n) {
    short[] codes = x.codes;
    float[] scales = x.scales;
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < n; i += 32) {
      long p = Native.at(row + (i >> 5) * 18L);
      FloatVector products = centredNibbles(p + 2, codes, xo + i);
      if (N == 8) {
        products = products.add(centredNibbles(p + 10, codes, xo + i + 8));
      }
      sum = products.fma(broadcast(Native.f16(p) * scales[(xo + i) >> 5]), sum);
    }
    return Lanes.sum(sum);
  }

  /** N bytes: their low nibbles meet {@code x[xo ..]}, their high ones {@code x[xo + 16 ..]}. */
  private static FloatVector centredNibbles(long p, short[] x, int xo) {
    ShortVector bytes = Native.unsignedBytes(p);
    ShortVector low = Lanes.low4(bytes).sub((short) 8);
    ShortVector high = Lanes.right(bytes, 4).sub((short) 8);
    return toFloats(low.mul(load(x, xo)).add(high.mul(load(x, xo + 16))));
  }

  static float q41(long row, ActivationRows x, int xo, int n) {
    short[] codes = x.codes;
    float[] scales = x.scales;
    float[] sums = x.sums32;
    FloatVector sum = Lanes.zero();
    float minimum = 0;
    for (int i = 0; i < n; i += 32) {
      long p = Native.at(row + (i >> 5) * 20L);
      FloatVector products = nibbles(p + 4, codes, xo + i);
      if (N == 8) {
        products = products.add(nibbles(p + 12, codes, xo + i + 8));
      }
      sum = products.fma(broadcast(Native.f16(p) * scales[(xo + i) >> 5]), sum);
      minimum += Native.f16(p + 2) * sums[(xo + i) >> 5];
    }
    return Lanes.sum(sum) + minimum;
  }

  private static FloatVector nibbles(long p, short[] x, int xo) {
    ShortVector bytes = Native.unsignedBytes(p);
    ShortVector low = Lanes.low4(bytes);
    ShortVector high = Lanes.right(bytes, 4);
    return toFloats(low.mul(load(x, xo)).add(high.mul(load(x, xo + 16))));
  }

  static float q50(long row, ActivationRows x, int xo, int n) {
    short[] codes = x.codes;
    float[] scales = x.scales;
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < n; i += 32) {
      long p = Native.at(row + (i >> 5) * 22L);
      // Element = nibble + 16 * bit - 16: subtract 16 where the bit is clear.
      int clear = ~Native.i32(p + 2);
      FloatVector products = fiveBits(p + 6, clear, (short) -16, codes, xo + i);
      if (N == 8) {
        products = products.add(fiveBits(p + 14, clear >>> 8, (short) -16, codes, xo + i + 8));
      }
      sum = products.fma(broadcast(Native.f16(p) * scales[(xo + i) >> 5]), sum);
    }
    return Lanes.sum(sum);
  }

  static float q51(long row, ActivationRows x, int xo, int n) {
    short[] codes = x.codes;
    float[] scales = x.scales;
    float[] sums = x.sums32;
    FloatVector sum = Lanes.zero();
    float minimum = 0;
    for (int i = 0; i < n; i += 32) {
      long p = Native.at(row + (i >> 5) * 24L);
      int set = Native.i32(p + 4);
      FloatVector products = fiveBits(p + 8, set, (short) 16, codes, xo + i);
      if (N == 8) {
        products = products.add(fiveBits(p + 16, set >>> 8, (short) 16, codes, xo + i + 8));
      }
      sum = products.fma(broadcast(Native.f16(p) * scales[(xo + i) >> 5]), sum);
      minimum += Native.f16(p + 2) * sums[(xo + i) >> 5];
    }
    return Lanes.sum(sum) + minimum;
  }

  /**
   * Like {@link #nibbles}, with {@code add} added where bit j (low nibbles) or 16 + j (high ones)
   * is set.
   */
  private static FloatVector fiveBits(long p, int bits, short add, short[] x, int xo) {
    ShortVector bytes = Native.unsignedBytes(p);
    VectorMask<Short> lowBits = Lanes.bits(bits);
    VectorMask<Short> highBits = Lanes.bits(bits >>> 16);
    ShortVector low = Lanes.low4(bytes).add(add, lowBits);
    ShortVector high = Lanes.right(bytes, 4).add(add, highBits);
    return toFloats(low.mul(load(x, xo)).add(high.mul(load(x, xo + 16))));
  }
}
