package io.foregate.quant.vector;

import static io.foregate.quant.vector.Native.MEMORY;
import static io.foregate.quant.vector.Native.ORDER;
import static io.foregate.quant.vector.Pairs.F;
import static io.foregate.quant.vector.Pairs.HALF;
import static io.foregate.quant.vector.Pairs.I;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.foregate.gguf.GgmlType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Dot products of one row of a 256-element K type in native memory with a Q8_K activation.
 *
 * <p>Eight lanes of 32 bits hold 32 bytes of codes, and {@link Pairs} multiplies two codes per lane
 * at a time: those of a lane's bytes 0 and 2 ({@code even}), and of its bytes 1 and 3 ({@code
 * odd}). Codes are unsigned; what a type subtracts from them multiplies the activation's sums
 * instead, in {@link KScales}, which also unpacks the sub-blocks' scales. All sums are integers up
 * to a whole block's, and so exact.
 *
 * <p>C2 stops inlining when a method has come to 18,000 nodes, some thirty vector operations. From
 * there on it still inlines what the JDK marks as to be inlined, the Vector API itself, but no
 * method of ours: a vector that crosses such a call is allocated. So the loops here call nothing
 * but the Vector API, and leave their sums in an array; and they are called by way of method
 * handles that the compiler does not know, because their callers would pass the limit for them.
 */
final class KDots {
  /** Longest run of columns whose scales fit into {@link Scratch#scales}. */
  private static final int MAX_COLS = Scratch.SCALES * 16;

  private static final IntVector TWO_BITS = Pairs.broadcast(0x0003_0003);
  private static final IntVector FOUR_BITS = Pairs.broadcast(0x000F_000F);
  private static final IntVector BIT_2 = Pairs.broadcast(0x0004_0004);
  private static final IntVector BIT_4 = Pairs.broadcast(0x0010_0010);
  private static final IntVector BITS_2_AND_3 = Pairs.broadcast(0x000C_000C);
  private static final IntVector BITS_4_AND_5 = Pairs.broadcast(0x0030_0030);

  /** Which scales the lanes of a run take: one for all, or one for each half. */
  private static final VectorShuffle<Integer> ALL_0 = Pairs.halves(0, 0);

  private static final VectorShuffle<Integer> ALL_1 = Pairs.halves(1, 1);
  private static final VectorShuffle<Integer> HALVES_0_1 = Pairs.halves(0, 1);
  private static final VectorShuffle<Integer> HALVES_2_3 = Pairs.halves(2, 3);
  private static final VectorShuffle<Integer> HALVES_4_5 = Pairs.halves(4, 5);

  /** Types with products here, and scales in {@link KScales}. */
  static final Set<GgmlType> TYPES =
      Collections.unmodifiableSet(
          EnumSet.of(GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K));

  private static final MethodHandle[] SCALES = byType(KScales.class);

  private static final MethodHandle[] PRODUCTS = byType(KDots.class);

  private KDots() {}

  private static MethodHandle[] byType(Class<?> owner) {
    MethodType signature =
        MethodType.methodType(
            void.class, long.class, ActivationRows.class, int.class, int.class, Scratch.class);
    return MethodTable.of(owner, signature, TYPES);
  }

  /**
   * @param row address of the first block
   * @param xo where the activation's codes begin; its pairs begin at {@code xo / 2}, its scales at
   *     {@code xo / 32}, and its sums at {@code xo / 32} or {@code xo / 16}
   * @param scratch of the calling thread
   */
  static float dot(GgmlType type, long row, ActivationRows x, int xo, int cols, Scratch scratch) {
    float sum = 0;
    for (int c = 0; c < cols; c += MAX_COLS) {
      int n = Math.min(MAX_COLS, cols - c);
      sum += stretch(type, row + type.byteSize(c), x, xo + c, n, scratch);
    }
    return sum;
  }

  private static float stretch(
      GgmlType type, long row, ActivationRows x, int xo, int n, Scratch scratch) {
    try {
      SCALES[type.ordinal()].invokeExact(row, x, xo, n >> 8, scratch);
      PRODUCTS[type.ordinal()].invokeExact(row, x, xo, n >> 8, scratch);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    return Pairs.sum(scratch.sumsOfProducts) - Pairs.sum(scratch.subtracted);
  }

  static void q4k(long row, ActivationRows activation, int xo, int blocks, Scratch scratch) {
    int[] x = activation.pairs;
    int[] scales = scratch.scales;
    float[] factors = scratch.factors;
    FloatVector sum = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * 144L) + 16;
      IntVector block = IntVector.zero(I);
      for (int g = 0; g < 4; g++) {
        int o = (xo >> 1) + 128 * b + 32 * g;
        IntVector a = IntVector.fromMemorySegment(I, MEMORY, p + 32L * g, ORDER);
        IntVector s = IntVector.fromArray(I, scales, 8 * b + 2 * g);
        IntVector low = a.and(FOUR_BITS).mul(IntVector.fromArray(I, x, o));
        low = low.add(a.lanewise(LSHR, 8).and(FOUR_BITS).mul(IntVector.fromArray(I, x, o + 8)));
        IntVector high = a.lanewise(LSHR, 4).and(FOUR_BITS).mul(IntVector.fromArray(I, x, o + 16));
        high = high.add(a.lanewise(LSHR, 12).and(FOUR_BITS).mul(IntVector.fromArray(I, x, o + 24)));
        block =
            block
                .add(low.add(HALF).lanewise(ASHR, 16).mul(s.rearrange(ALL_0)))
                .add(high.add(HALF).lanewise(ASHR, 16).mul(s.rearrange(ALL_1)));
      }
      sum =
          ((FloatVector) block.convertShape(I2F, F, 0))
              .fma(FloatVector.broadcast(F, factors[b]), sum);
    }
    sum.intoArray(scratch.sumsOfProducts, 0);
  }

  static void q5k(long row, ActivationRows activation, int xo, int blocks, Scratch scratch) {
    int[] x = activation.pairs;
    int[] scales = scratch.scales;
    float[] factors = scratch.factors;
    FloatVector sum = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * 176L);
      IntVector block = IntVector.zero(I);
      for (int g = 0; g < 4; g++) {
        int o = (xo >> 1) + 128 * b + 32 * g;
        IntVector a = IntVector.fromMemorySegment(I, MEMORY, p + 48 + 32L * g, ORDER);
        IntVector h = IntVector.fromMemorySegment(I, MEMORY, p + 16, ORDER).lanewise(LSHR, 2 * g);
        IntVector s = IntVector.fromArray(I, scales, 8 * b + 2 * g);
        IntVector even = a.and(FOUR_BITS).or(h.lanewise(LSHL, 4).and(BIT_4));
        IntVector odd = a.lanewise(LSHR, 8).and(FOUR_BITS).or(h.lanewise(LSHR, 4).and(BIT_4));
        IntVector low =
            even.mul(IntVector.fromArray(I, x, o)).add(odd.mul(IntVector.fromArray(I, x, o + 8)));
        even = a.lanewise(LSHR, 4).and(FOUR_BITS).or(h.lanewise(LSHL, 3).and(BIT_4));
        odd = a.lanewise(LSHR, 12).and(FOUR_BITS).or(h.lanewise(LSHR, 5).and(BIT_4));
        IntVector high =
            even.mul(IntVector.fromArray(I, x, o + 16))
                .add(odd.mul(IntVector.fromArray(I, x, o + 24)));
        block =
            block
                .add(low.add(HALF).lanewise(ASHR, 16).mul(s.rearrange(ALL_0)))
                .add(high.add(HALF).lanewise(ASHR, 16).mul(s.rearrange(ALL_1)));
      }
      sum =
          ((FloatVector) block.convertShape(I2F, F, 0))
              .fma(FloatVector.broadcast(F, factors[b]), sum);
    }
    sum.intoArray(scratch.sumsOfProducts, 0);
  }

  static void q6k(long row, ActivationRows activation, int xo, int blocks, Scratch scratch) {
    int[] x = activation.pairs;
    int[] scales = scratch.scales;
    float[] factors = scratch.factors;
    FloatVector sum = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * 210L);
      IntVector block = IntVector.zero(I);
      for (int g = 0; g < 4; g++) {
        int half = g >> 1; // 128 elements: two runs in low nibbles, two in high ones
        int j = g & 1;
        int o = (xo >> 1) + 128 * b + 64 * half + 16 * j;
        IntVector a = IntVector.fromMemorySegment(I, MEMORY, p + 32L * g, ORDER);
        IntVector h =
            IntVector.fromMemorySegment(I, MEMORY, p + 128 + 32L * half, ORDER)
                .lanewise(LSHR, 2 * j);
        IntVector s = IntVector.fromArray(I, scales, 16 * b + 8 * half + 2 * j);
        IntVector even = a.and(FOUR_BITS).or(h.lanewise(LSHL, 4).and(BITS_4_AND_5));
        IntVector odd =
            a.lanewise(LSHR, 8).and(FOUR_BITS).or(h.lanewise(LSHR, 4).and(BITS_4_AND_5));
        IntVector low =
            even.mul(IntVector.fromArray(I, x, o)).add(odd.mul(IntVector.fromArray(I, x, o + 8)));
        even = a.lanewise(LSHR, 4).and(FOUR_BITS).or(h.and(BITS_4_AND_5));
        odd = a.lanewise(LSHR, 12).and(FOUR_BITS).or(h.lanewise(LSHR, 8).and(BITS_4_AND_5));
        IntVector high =
            even.mul(IntVector.fromArray(I, x, o + 32))
                .add(odd.mul(IntVector.fromArray(I, x, o + 40)));
        block =
            block
                .add(low.add(HALF).lanewise(ASHR, 16).mul(s.rearrange(HALVES_0_1)))
                .add(high.add(HALF).lanewise(ASHR, 16).mul(s.rearrange(HALVES_4_5)));
      }
      sum =
          ((FloatVector) block.convertShape(I2F, F, 0))
              .fma(FloatVector.broadcast(F, factors[b]), sum);
    }
    sum.intoArray(scratch.sumsOfProducts, 0);
  }

  static void q2k(long row, ActivationRows activation, int xo, int blocks, Scratch scratch) {
    int[] x = activation.pairs;
    int[] scales = scratch.scales;
    float[] factors = scratch.factors;
    FloatVector sum = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * 84L) + 16;
      IntVector block = IntVector.zero(I);
      for (int g = 0; g < 4; g++) {
        int o = (xo >> 1) + 128 * b + 32 * g;
        IntVector a =
            IntVector.fromMemorySegment(I, MEMORY, p + 32L * (g >> 1), ORDER)
                .lanewise(LSHR, 4 * (g & 1));
        IntVector a8 = a.lanewise(LSHR, 8);
        IntVector s = IntVector.fromArray(I, scales, 16 * b + 4 * g);
        IntVector low = a.and(TWO_BITS).mul(IntVector.fromArray(I, x, o));
        low = low.add(a8.and(TWO_BITS).mul(IntVector.fromArray(I, x, o + 8)));
        // The second bit pair stays where it is: four times the code.
        IntVector high = a.and(BITS_2_AND_3).mul(IntVector.fromArray(I, x, o + 16));
        high = high.add(a8.and(BITS_2_AND_3).mul(IntVector.fromArray(I, x, o + 24)));
        block =
            block
                .add(low.add(HALF).lanewise(ASHR, 16).mul(s.rearrange(HALVES_0_1)))
                .add(high.add(HALF).lanewise(ASHR, 18).mul(s.rearrange(HALVES_2_3)));
      }
      sum =
          ((FloatVector) block.convertShape(I2F, F, 0))
              .fma(FloatVector.broadcast(F, factors[b]), sum);
    }
    sum.intoArray(scratch.sumsOfProducts, 0);
  }

  static void q3k(long row, ActivationRows activation, int xo, int blocks, Scratch scratch) {
    int[] x = activation.pairs;
    int[] scales = scratch.scales;
    float[] factors = scratch.factors;
    FloatVector sum = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long p = Native.at(row + b * 110L);
      IntVector block = IntVector.zero(I);
      for (int g = 0; g < 4; g++) {
        int o = (xo >> 1) + 128 * b + 32 * g;
        IntVector a =
            IntVector.fromMemorySegment(I, MEMORY, p + 32 + 32L * (g >> 1), ORDER)
                .lanewise(LSHR, 4 * (g & 1));
        IntVector a8 = a.lanewise(LSHR, 8);
        IntVector h = IntVector.fromMemorySegment(I, MEMORY, p, ORDER).lanewise(LSHR, 2 * g);
        IntVector s = IntVector.fromArray(I, scales, 16 * b + 4 * g);
        IntVector even = a.and(TWO_BITS).or(h.lanewise(LSHL, 2).and(BIT_2));
        IntVector odd = a8.and(TWO_BITS).or(h.lanewise(LSHR, 6).and(BIT_2));
        IntVector low =
            even.mul(IntVector.fromArray(I, x, o)).add(odd.mul(IntVector.fromArray(I, x, o + 8)));
        // The second bit pair stays where it is: four times the code.
        even = a.and(BITS_2_AND_3).or(h.lanewise(LSHL, 3).and(BIT_4));
        odd = a8.and(BITS_2_AND_3).or(h.lanewise(LSHR, 5).and(BIT_4));
        IntVector high =
            even.mul(IntVector.fromArray(I, x, o + 16))
                .add(odd.mul(IntVector.fromArray(I, x, o + 24)));
        block =
            block
                .add(low.add(HALF).lanewise(ASHR, 16).mul(s.rearrange(HALVES_0_1)))
                .add(high.add(HALF).lanewise(ASHR, 18).mul(s.rearrange(HALVES_2_3)));
      }
      sum =
          ((FloatVector) block.convertShape(I2F, F, 0))
              .fma(FloatVector.broadcast(F, factors[b]), sum);
    }
    sum.intoArray(scratch.sumsOfProducts, 0);
  }
}
