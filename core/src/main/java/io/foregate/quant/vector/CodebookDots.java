package io.foregate.quant.vector;

import static io.foregate.quant.vector.Native.MEMORY;
import static io.foregate.quant.vector.Native.ORDER;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2S;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.foregate.quant.format.BlockFactor;
import io.foregate.quant.format.Codebook;
import io.foregate.quant.format.LittleEndian;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of one row of a codebook type in native memory with a Q8_0 or Q8_K activation.
 *
 * <p>Sixteen values fit one register: a shuffle looks sixteen codes up at a time. Products are
 * taken in 16-bit lanes, where two of them fit (2 * 127 * 128 &lt; 2^15), and summed up in pairs;
 * whatever the machine's vectors, a run of 16 bytes is 8 lanes of 32 bits.
 */
final class CodebookDots {
  private static final VectorSpecies<Byte> B = ByteVector.SPECIES_128;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_256;

  static final ByteVector MXFP4 = ByteVector.fromArray(B, Codebook.MXFP4.toArray(), 0);
  static final ByteVector IQ4 = ByteVector.fromArray(B, Codebook.IQ4.toArray(), 0);

  private CodebookDots() {}

  static float mxfp4(long row, ActivationRows x, int xo, int n) {
    short[] codes = x.codes;
    float[] scales = x.scales;
    FloatVector sum = Pairs.zeroFloats();
    for (int i = 0; i < n; i += 32) {
      long p = Native.at(row + (i >> 5) * 17L);
      FloatVector products =
          (FloatVector) products(MXFP4, p + 1, codes, xo + i).convertShape(I2F, Pairs.F, 0);
      float d = BlockFactor.halfPower(Native.u8(p));
      sum = products.fma(FloatVector.broadcast(Pairs.F, d * scales[(xo + i) >> 5]), sum);
    }
    return Pairs.sum(sum);
  }

  static float iq4nl(long row, ActivationRows x, int xo, int n) {
    short[] codes = x.codes;
    float[] scales = x.scales;
    FloatVector sum = Pairs.zeroFloats();
    for (int i = 0; i < n; i += 32) {
      long p = Native.at(row + (i >> 5) * 18L);
      FloatVector products =
          (FloatVector) products(IQ4, p + 2, codes, xo + i).convertShape(I2F, Pairs.F, 0);
      float d = Native.f16(p) * scales[(xo + i) >> 5];
      sum = products.fma(FloatVector.broadcast(Pairs.F, d), sum);
    }
    return Pairs.sum(sum);
  }

  static float iq4xs(long row, ActivationRows x, int xo, int n) {
    short[] codes = x.codes;
    float[] scales = x.scales;
    FloatVector sum = Pairs.zeroFloats();
    for (int i = 0; i < n; i += 256) {
      long p = Native.at(row + (i >> 8) * 136L);
      int high = MEMORY.get(LittleEndian.SHORT, p + 2);
      int low = Native.i32(p + 4);
      IntVector block = Pairs.zero();
      for (int j = 0; j < 8; j++) {
        int scale = (((low >>> (4 * j)) & 15) | (((high >>> (2 * j)) & 3) << 4)) - 32;
        block = block.add(products(IQ4, p + 8 + 16L * j, codes, xo + i + 32 * j).mul(scale));
      }
      float d = Native.f16(p) * scales[(xo + i) >> 5];
      sum =
          ((FloatVector) block.convertShape(I2F, Pairs.F, 0))
              .fma(FloatVector.broadcast(Pairs.F, d), sum);
    }
    return Pairs.sum(sum);
  }

  /**
   * 16 bytes: what their low nibbles stand for meets {@code x[xo ..]}, their high ones {@code x[xo
   * + 16 ..]}; the sum of the lanes is the dot product.
   */
  private static IntVector products(ByteVector values, long p, short[] x, int xo) {
    ByteVector bytes = ByteVector.fromMemorySegment(B, MEMORY, p, ORDER);
    ByteVector low = bytes.and((byte) 15).selectFrom(values);
    ByteVector high = high4(bytes).selectFrom(values);
    ShortVector sums =
        ((ShortVector) low.convertShape(B2S, S, 0))
            .mul(ShortVector.fromArray(S, x, xo))
            .add(
                ((ShortVector) high.convertShape(B2S, S, 0))
                    .mul(ShortVector.fromArray(S, x, xo + 16)));
    IntVector pairs = sums.reinterpretAsInts();
    return pairs.lanewise(LSHL, 16).lanewise(ASHR, 16).add(pairs.lanewise(ASHR, 16));
  }

  /** Shifts words of four bytes: there is no shift of bytes on x86. */
  static ByteVector high4(ByteVector bytes) {
    return bytes.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes().and((byte) 15);
  }
}
