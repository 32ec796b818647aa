package io.foregate.quant.vector;

import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of pairs, by one multiplication of 32-bit lanes each; the Vector API has no
 * instruction for them.
 *
 * <p>Two unsigned codes {@code c0 + c1 * 2^16} times {@code x1 + x0 * 2^16} are {@code c0 * x1 +
 * (c0 * x0 + c1 * x1) * 2^16}: the upper half is the dot product, but for a borrow from the lower
 * half, which rounding undoes: {@link #HALF}. Two such products (four codes) may be added before
 * that: 63 * 128 is the most that a code's product comes to, and both halves stay within 16 bits.
 *
 * <p>Eight lanes whatever the machine's vectors: a run of 32 codes, which ggml's K types spread
 * over 32 bytes.
 */
final class Pairs {
  static final VectorSpecies<Integer> I = IntVector.SPECIES_256;
  static final VectorSpecies<Float> F = FloatVector.SPECIES_256;

  /** What rounds a borrow away before the shift that leaves the dot product. */
  static final IntVector HALF = broadcast(1 << 15);

  private static final VectorShuffle<Float> FOLD_4 = VectorShuffle.fromOp(F, i -> (i + 4) & 7);
  private static final VectorShuffle<Float> FOLD_2 = VectorShuffle.fromOp(F, i -> (i + 2) & 7);

  private Pairs() {}

  /**
   * Packs 32 codes for the products: 8 lanes with the codes of elements {@code 4i + 2} and {@code
   * 4i}, then 8 with those of {@code 4i + 3} and {@code 4i + 1}.
   */
  static void pack(short[] codes, int from, int[] pairs, int to) {
    for (int i = 0; i < 8; i++) {
      int c = from + 4 * i;
      pairs[to + i] = codes[c + 2] + (codes[c] << 16);
      pairs[to + 8 + i] = codes[c + 3] + (codes[c + 1] << 16);
    }
  }

  static IntVector broadcast(int v) {
    return IntVector.broadcast(I, v);
  }

  static IntVector zero() {
    return IntVector.zero(I);
  }

  static FloatVector zeroFloats() {
    return FloatVector.zero(F);
  }

  static IntVector load(int[] a, int offset) {
    return IntVector.fromArray(I, a, offset);
  }

  static IntVector left(IntVector v, int bits) {
    return v.lanewise(VectorOperators.LSHL, bits);
  }

  /** An unsigned shift. */
  static IntVector right(IntVector v, int bits) {
    return v.lanewise(VectorOperators.LSHR, bits);
  }

  /** Lanes 0 to 3 take lane {@code first}, lanes 4 to 7 lane {@code second}. */
  static VectorShuffle<Integer> halves(int first, int second) {
    return shuffle(i -> i < 4 ? first : second);
  }

  /** Lane i takes lane {@code from(i)}. */
  static VectorShuffle<Integer> shuffle(IntUnaryOperator from) {
    return VectorShuffle.fromOp(I, from);
  }

  /** The sum of eight lanes, in {@link Lanes#sum}'s order. */
  static float sum(FloatVector v) {
    FloatVector s = v.add(v.rearrange(FOLD_4));
    s = s.add(s.rearrange(FOLD_2));
    return s.lane(0) + s.lane(1);
  }

  /** As above. */
  static float sum(float[] v) {
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
  }
}
