package io.foregate.quant.vector;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shapes of this process: {@link #N} floats, and as many ints, shorts and bytes, so that
 * conversions between them keep their lane count. 16 lanes with 512-bit vectors, 8 with 256-bit
 * ones; narrower machines run {@link ScalarKernels}.
 */
final class Lanes {
  /** Narrowest vectors that the kernels are written for. */
  static final int MIN_BITS = 256;

  /** System property that narrows the vectors, for tests of what other machines run. */
  static final String BITS_PROPERTY = "foregate.vector.bits";

  /** Bits of the vectors that this machine prefers. */
  static final int PREFERRED_BITS = FloatVector.SPECIES_PREFERRED.vectorBitSize();

  /** Bits of {@link #F}. */
  static final int BITS =
      Math.clamp(Integer.getInteger(BITS_PROPERTY, PREFERRED_BITS), MIN_BITS, 512);

  static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED.withShape(shape(BITS));
  static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED.withShape(shape(BITS));
  static final VectorSpecies<Short> S = ShortVector.SPECIES_PREFERRED.withShape(shape(BITS / 2));
  static final VectorSpecies<Byte> B = ByteVector.SPECIES_PREFERRED.withShape(shape(BITS / 4));

  /** Lanes of each of them. */
  static final int N = BITS / 32;

  private static final VectorShuffle<Float> FOLD_8 = fold(F, 8);
  private static final VectorShuffle<Float> FOLD_4 = fold(F, 4);
  private static final VectorShuffle<Float> FOLD_2 = fold(F, 2);

  private Lanes() {}

  private static VectorShape shape(int bits) {
    return VectorShape.forBitSize(bits);
  }

  static FloatVector zero() {
    return FloatVector.zero(F);
  }

  static FloatVector broadcast(float v) {
    return FloatVector.broadcast(F, v);
  }

  static FloatVector load(float[] a, int offset) {
    return FloatVector.fromArray(F, a, offset);
  }

  static ShortVector load(short[] a, int offset) {
    return ShortVector.fromArray(S, a, offset);
  }

  static FloatVector toFloats(ShortVector v) {
    return (FloatVector) v.convertShape(VectorOperators.S2F, F, 0);
  }

  static ShortVector low4(ShortVector bytes) {
    return bytes.and((short) 15);
  }

  /** {@code bytes} are unsigned. */
  static ShortVector high4(ShortVector bytes) {
    return right(bytes, 4);
  }

  static ShortVector left(ShortVector v, int bits) {
    return v.lanewise(VectorOperators.LSHL, bits);
  }

  /** An unsigned shift. */
  static ShortVector right(ShortVector v, int bits) {
    return v.lanewise(VectorOperators.LSHR, bits);
  }

  /** Bit j of {@code bits} selects lane j. */
  static VectorMask<Short> bits(int bits) {
    return VectorMask.fromLong(S, bits & ((1 << N) - 1));
  }

  /**
   * The sum of all lanes, added pairwise in an order of our own. {@code reduceLanes} leaves the
   * order open: compiled code and the interpreter then give different last bits, and a model's text
   * would change while the JIT warms up.
   */
  static float sum(FloatVector v) {
    FloatVector s = N == 16 ? v.add(v.rearrange(FOLD_8)) : v;
    s = s.add(s.rearrange(FOLD_4));
    s = s.add(s.rearrange(FOLD_2));
    return s.lane(0) + s.lane(1);
  }

  /** Lane i takes lane i + {@code distance}; what is beyond the end does not matter. */
  private static VectorShuffle<Float> fold(VectorSpecies<Float> species, int distance) {
    return VectorShuffle.fromOp(species, i -> (i + distance) % species.length());
  }
}
