package io.foregate.quant;

import static io.foregate.quant.Lanes.N;
import static io.foregate.quant.Lanes.broadcast;
import static io.foregate.quant.Lanes.load;
import static io.foregate.quant.Lanes.toFloats;

import io.foregate.gguf.GgmlType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

/**
 * Dot products of one row of a 256-element K type in native memory with a Q8_K activation.
 *
 * <p>Codes are unpacked unsigned into 16-bit lanes and multiplied there. What a type subtracts from
 * its codes multiplies the activation's sums instead, in {@link KScales}, which also spreads out
 * the sub-blocks' scales.
 *
 * <p>Each loop here takes equal pieces of the row, half as many elements of a group of 64 as N
 * holds, however a block arranges them. C2 stops inlining when a method has come to 18,000 nodes,
 * some sixty vector operations; vectors that cross a call are then allocated, and the product is
 * ten times slower. So no loop unrolls a block by hand, and scales and products are methods of
 * their own.
 */
final class KDots {
  /** Longest run of columns whose scales fit into {@link Scratch#scales}. */
  private static final int MAX_COLS = Scratch.SCALES * 16;

  /** Pieces of N bytes in each run of 32. */
  private static final int PIECES = 32 / N;

  private KDots() {}

  /**
   * @param row address of the first block
   * @param xo where the activation's codes begin; its scales begin at {@code xo / 32} and its sums
   *     at {@code xo / 32} or {@code xo / 16}
   * @param scales working memory
   */
  static float dot(GgmlType type, long row, Activation x, int xo, int cols, float[] scales) {
    float sum = 0;
    for (int c = 0; c < cols; c += MAX_COLS) {
      int n = Math.min(MAX_COLS, cols - c);
      sum += stretch(type, row + type.byteSize(c), x, xo + c, n, scales);
    }
    return sum;
  }

  private static float stretch(
      GgmlType type, long row, Activation x, int xo, int n, float[] scales) {
    float subtracted = KScales.spread(type, row, x, xo, n, scales);
    int groups = n >> 6;
    return switch (type) {
          case Q2_K -> q2(row, x.codes, xo, groups, scales);
          case Q3_K -> q3(row, x.codes, xo, groups, scales);
          case Q4_K -> q4(row, x.codes, xo, groups, scales);
          case Q5_K -> q5(row, x.codes, xo, groups, scales);
          default -> q6(row, x.codes, xo, groups, scales);
        }
        - subtracted;
  }

  private static float q4(long row, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES / 2; i++) {
      int g = i / (PIECES / 2);
      int j = i % (PIECES / 2) * 2 * N;
      long p = Native.at(row + (g >> 2) * 144L + 32L * (g & 3) + j) + 16;
      int o = xo + 64 * g + j;
      ShortVector a = Native.unsignedBytes(p);
      ShortVector b = Native.unsignedBytes(p + N);
      ShortVector low = Lanes.low4(a).mul(load(x, o)).add(Lanes.low4(b).mul(load(x, o + N)));
      ShortVector high =
          Lanes.high4(a).mul(load(x, o + 32)).add(Lanes.high4(b).mul(load(x, o + N + 32)));
      sum = toFloats(low).fma(broadcast(scales[2 * g]), sum);
      sum = toFloats(high).fma(broadcast(scales[2 * g + 1]), sum);
    }
    return Lanes.sum(sum);
  }

  private static float q5(long row, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES; i++) {
      int g = i / PIECES;
      int j = i % PIECES * N;
      long block = row + (g >> 2) * 176L + j;
      ShortVector a = Native.unsignedBytes(Native.at(block + 32L * (g & 3)) + 48);
      ShortVector fifth = Lanes.right(Native.unsignedBytes(Native.at(block) + 16), 2 * (g & 3));
      ShortVector low = Lanes.low4(a).or(Lanes.left(fifth, 4).and((short) 16));
      ShortVector high = Lanes.high4(a).or(Lanes.left(fifth, 3).and((short) 16));
      int o = xo + 64 * g + j;
      sum = toFloats(low.mul(load(x, o))).fma(broadcast(scales[2 * g]), sum);
      sum = toFloats(high.mul(load(x, o + 32))).fma(broadcast(scales[2 * g + 1]), sum);
    }
    return Lanes.sum(sum);
  }

  private static float q6(long row, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES; i++) {
      int g = i / PIECES;
      int j = i % PIECES * N;
      long block = row + (g >> 2) * 210L + j;
      ShortVector a = Native.unsignedBytes(Native.at(block + 32L * (g & 3)));
      ShortVector top = Native.unsignedBytes(Native.at(block + 32L * ((g >> 1) & 1)) + 128);
      ShortVector bits = Lanes.right(top, 2 * (g & 1));
      ShortVector low = Lanes.low4(a).or(Lanes.left(bits, 4).and((short) 48));
      ShortVector high = Lanes.high4(a).or(bits.and((short) 48));
      int o = xo + 128 * (g >> 1) + 32 * (g & 1) + j;
      int s = 8 * (g >> 1) + 2 * (g & 1) + (j >> 4);
      sum = toFloats(low.mul(load(x, o))).fma(broadcast(scales[s]), sum);
      sum = toFloats(high.mul(load(x, o + 64))).fma(broadcast(scales[s + 4]), sum);
    }
    return Lanes.sum(sum);
  }

  private static float q2(long row, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES; i++) {
      int g = i / PIECES;
      int j = i % PIECES * N;
      long p = Native.at(row + (g >> 2) * 84L + 32L * ((g >> 1) & 1) + j) + 16;
      ShortVector a = Lanes.right(Native.unsignedBytes(p), 4 * (g & 1));
      ShortVector low = a.and((short) 3);
      ShortVector high = Lanes.right(a, 2).and((short) 3);
      int o = xo + 64 * g + j;
      int s = 4 * g + (j >> 4);
      sum = toFloats(low.mul(load(x, o))).fma(broadcast(scales[s]), sum);
      sum = toFloats(high.mul(load(x, o + 32))).fma(broadcast(scales[s + 2]), sum);
    }
    return Lanes.sum(sum);
  }

  private static float q3(long row, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES; i++) {
      int g = i / PIECES;
      int j = i % PIECES * N;
      long block = row + (g >> 2) * 110L + j;
      long p = Native.at(block + 32L * ((g >> 1) & 1)) + 32;
      ShortVector a = Lanes.right(Native.unsignedBytes(p), 4 * (g & 1));
      ShortVector third = Lanes.right(Native.unsignedBytes(Native.at(block)), 2 * (g & 3));
      ShortVector low = a.and((short) 3).or(Lanes.left(third, 2).and((short) 4));
      ShortVector high = Lanes.right(a, 2).and((short) 3).or(Lanes.left(third, 1).and((short) 4));
      int o = xo + 64 * g + j;
      int s = 4 * g + (j >> 4);
      sum = toFloats(low.mul(load(x, o))).fma(broadcast(scales[s]), sum);
      sum = toFloats(high.mul(load(x, o + 32))).fma(broadcast(scales[s + 2]), sum);
    }
    return Lanes.sum(sum);
  }
}
