package io.foregate.quant.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * The scales of K types' sub-blocks: each method here prepares those of a row for {@link KDots}. It
 * stores every sub-block's integer scale, every block's factor (the float scale of the block times
 * that of the activation), and what is to be subtracted from the products of unsigned codes.
 *
 * <p>A code's share of a dot product is {@code scale * (code - centre)} or {@code scale * code -
 * min}. Centre and min meet sums of activations, which are the same for every row, and so cost one
 * multiplication for eight sub-blocks.
 */
final class KScales {
  private static final VectorShuffle<Integer> LOWER_TWICE = Pairs.shuffle(i -> i & 3);
  private static final VectorShuffle<Integer> UPPER_TWICE = Pairs.shuffle(i -> 4 + (i & 3));
  private static final VectorMask<Integer> UPPER = VectorMask.fromLong(Pairs.I, 0xF0);

  /** Shifts of the upper four lanes. */
  private static final IntVector BY_TWO = Pairs.zero().blend(2, UPPER);

  private static final IntVector BY_FOUR = Pairs.zero().blend(4, UPPER);

  private KScales() {}

  static void q2k(long row, ActivationRows x, int xo, int blocks, Scratch scratch) {
    FloatVector sum = Pairs.zeroFloats();
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * 84L);
      int o = (xo >> 4) + 16 * b;
      IntVector first = Native.eightBytes(p);
      IntVector second = Native.eightBytes(p + 8);
      first.and(15).intoArray(scratch.scales, 16 * b);
      second.and(15).intoArray(scratch.scales, 16 * b + 8);
      IntVector m0 = Pairs.right(first, 4).and(15).mul(Pairs.load(x.codeSums16, o));
      IntVector m1 = Pairs.right(second, 4).and(15).mul(Pairs.load(x.codeSums16, o + 8));
      scratch.factors[b] = Native.f16(p + 80) * x.scales[o >> 1];
      sum =
          ((FloatVector) m0.add(m1).convertShape(VectorOperators.I2F, Pairs.F, 0))
              .fma(FloatVector.broadcast(Pairs.F, Native.f16(p + 82) * x.scales[o >> 1]), sum);
    }
    sum.intoArray(scratch.subtracted, 0);
  }

  static void q3k(long row, ActivationRows x, int xo, int blocks, Scratch scratch) {
    FloatVector sum = Pairs.zeroFloats();
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * 110L);
      int o = (xo >> 4) + 16 * b;
      IntVector low = Native.eightBytes(p + 96);
      IntVector upper = Native.eightBytes(p + 100).rearrange(UPPER_TWICE);
      upper = upper.lanewise(VectorOperators.LSHR, BY_TWO);
      IntVector first = low.and(15).or(Pairs.left(upper, 4).and(48)).sub(32);
      IntVector second = Pairs.right(low, 4).and(15).or(upper.and(48)).sub(32);
      first.intoArray(scratch.scales, 16 * b);
      second.intoArray(scratch.scales, 16 * b + 8);
      first = first.mul(Pairs.load(x.codeSums16, o));
      second = second.mul(Pairs.load(x.codeSums16, o + 8));
      float d = Native.f16(p + 108) * x.scales[o >> 1];
      scratch.factors[b] = d;
      sum =
          ((FloatVector) first.add(second).convertShape(VectorOperators.I2F, Pairs.F, 0))
              .fma(FloatVector.broadcast(Pairs.F, 4 * d), sum);
    }
    sum.intoArray(scratch.subtracted, 0);
  }

  static void q4k(long row, ActivationRows x, int xo, int blocks, Scratch scratch) {
    q45(144, row, x, xo, blocks, scratch);
  }

  static void q5k(long row, ActivationRows x, int xo, int blocks, Scratch scratch) {
    q45(176, row, x, xo, blocks, scratch);
  }

  private static void q45(
      int bytes, long row, ActivationRows x, int xo, int blocks, Scratch scratch) {
    FloatVector sum = Pairs.zeroFloats();
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * (long) bytes);
      int o = (xo >> 5) + 8 * b;
      // Four scales and four minima, then the same four higher up.
      IntVector bits = Native.eightBytes(p + 4);
      IntVector nibbles = Native.eightBytes(p + 12).rearrange(LOWER_TWICE);
      nibbles = nibbles.lanewise(VectorOperators.LSHR, BY_FOUR).and(15);
      IntVector low = bits.and(63);
      IntVector high = nibbles.or(Pairs.right(bits, 2).and(48));
      low.blend(high.rearrange(LOWER_TWICE), UPPER).intoArray(scratch.scales, 8 * b);
      IntVector minima = low.rearrange(UPPER_TWICE).blend(high, UPPER);
      scratch.factors[b] = Native.f16(p) * x.scales[o];
      minima = minima.mul(Pairs.load(x.codeSums32, o));
      sum =
          ((FloatVector) minima.convertShape(VectorOperators.I2F, Pairs.F, 0))
              .fma(FloatVector.broadcast(Pairs.F, Native.f16(p + 2) * x.scales[o]), sum);
    }
    sum.intoArray(scratch.subtracted, 0);
  }

  static void q6k(long row, ActivationRows x, int xo, int blocks, Scratch scratch) {
    FloatVector sum = Pairs.zeroFloats();
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * 210L);
      int o = (xo >> 4) + 16 * b;
      IntVector first = Native.eightBytes(p + 192);
      IntVector second = Native.eightBytes(p + 200);
      first.intoArray(scratch.scales, 16 * b);
      second.intoArray(scratch.scales, 16 * b + 8);
      first = first.mul(Pairs.load(x.codeSums16, o));
      second = second.mul(Pairs.load(x.codeSums16, o + 8));
      float d = Native.f16(p + 208) * x.scales[o >> 1];
      scratch.factors[b] = d;
      sum =
          ((FloatVector) first.add(second).convertShape(VectorOperators.I2F, Pairs.F, 0))
              .fma(FloatVector.broadcast(Pairs.F, 32 * d), sum);
    }
    sum.intoArray(scratch.subtracted, 0);
  }

  /** The 8 six-bit scales of Q4_K and Q5_K, as bytes. */
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

  /** Eight of the 16 scales of Q3_K, minus 32, as signed bytes. */
  static long q3Scales(long p, int shift) {
    long low = (Native.i64(p) >>> shift) & 0x0F0F0F0F0F0F0F0FL;
    long high = (Native.i32(p + 8) & 0xFFFF_FFFFL) >>> shift;
    long bits = (high & 0x03030303L) | (((high >>> 2) & 0x03030303L) << 32);
    // Each byte is 0..63: setting bit 7 keeps the subtraction from borrowing across bytes.
    long sum = low | (bits << 4);
    return ((sum | 0x8080808080808080L) - 0x2020202020202020L) ^ 0x8080808080808080L;
  }
}
