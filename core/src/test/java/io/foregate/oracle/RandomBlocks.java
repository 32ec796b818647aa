package io.foregate.oracle;

import io.foregate.gguf.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Random weights written straight into ggml's block formats, without a quantizer: every bit of the
 * quants, of the packed block scales and of the high-bit masks is uniformly random, so that all
 * patterns occur, also those that no quantizer would produce (8-bit quants of -128, negative block
 * scales). Only a block's F16 scales are chosen, to give the weights the wanted size and a mean
 * near zero. The Java specification fixes {@link Random} and the F16 rounding, so a seed gives the
 * same bytes everywhere.
 *
 * <p>Block layouts: ggml-common.h.
 */
public final class RandomBlocks {
  private static final double IQ4_RMS =
      rootMeanSquare(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

  private final Random random;

  public RandomBlocks(Random random) {
    this.random = random;
  }

  /**
   * Makes weights of about the given root mean square.
   *
   * @param elements how many; a multiple of the type's block size
   * @return the tensor's bytes, {@code type.byteSize(elements)} long
   */
  public byte[] weights(GgmlType type, int elements, double rms) {
    ByteBuffer out =
        ByteBuffer.allocate(Math.toIntExact(type.byteSize(elements)))
            .order(ByteOrder.LITTLE_ENDIAN);
    while (out.hasRemaining()) {
      putBlock(type, rms, out);
    }
    return out.array();
  }

  private void putBlock(GgmlType type, double rms, ByteBuffer out) {
    switch (type) {
      case F32 -> out.putFloat((float) (random.nextGaussian() * rms));
      case F16 -> putF16(random.nextGaussian() * rms, out);
      case BF16 ->
          out.putShort(
              (short) (Float.floatToRawIntBits((float) (random.nextGaussian() * rms)) >>> 16));
      case Q8_0 -> putSymmetric(rms, 8, 32, out);
      case Q4_0 -> putSymmetric(rms, 4, 16, out);
      case Q5_0 -> putSymmetric(rms, 5, 4 + 16, out);
      case Q4_1 -> putOffset(rms, 4, 16, out);
      case Q5_1 -> putOffset(rms, 5, 4 + 16, out);
      case Q2_K -> {
        putRandom(16 + 64, out); // scales and minimums, quants
        putScaleAndMinimum(rms, 4, 2, out);
      }
      case Q3_K -> {
        putRandom(32 + 64 + 12, out); // high bits, low bits, scales
        putF16(jitteredScale(rms / (centredRms(6) * centredRms(3))), out);
      }
      case Q4_K -> {
        putScaleAndMinimum(rms, 6, 4, out);
        putRandom(12 + 128, out); // scales and minimums, quants
      }
      case Q5_K -> {
        putScaleAndMinimum(rms, 6, 5, out);
        putRandom(12 + 32 + 128, out); // scales and minimums, high bits, low bits
      }
      case Q6_K -> {
        putRandom(128 + 64 + 16, out); // low bits, high bits, scales
        putF16(jitteredScale(rms / (centredRms(8) * centredRms(6))), out);
      }
      default -> putCodebookBlock(type, rms, out);
    }
  }

  /**
   * Types whose codes are looked up. A grid's values are as large as all its entries are in root
   * mean square, and sub-block scales are as large as uniformly random codes make them.
   */
  private void putCodebookBlock(GgmlType type, double rms, ByteBuffer out) {
    switch (type) {
      case MXFP4 -> {
        double scale = rms / rootMeanSquare(0, 1, 2, 3, 4, 6, 8, 12);
        out.put((byte) (Math.getExponent(scale) + 128 + random.nextInt(2)));
        putRandom(16, out);
      }
      case IQ4_NL -> putScaled(rms / IQ4_RMS, 16, out);
      case IQ4_XS -> putScaled(rms / (IQ4_RMS * centredRms(6)), 2 + 4 + 128, out);
      case IQ3_S -> putScaled(rms / (7.6 * oddScaleRms(4)), 108, out);
      case IQ3_XXS -> putScaled(rms / (30.8 * 0.25 * oddScaleRms(4)), 96, out);
      case IQ2_S -> putScaled(rms / (24.4 * 0.125 * oddScaleRms(4)), 80, out);
      case IQ2_XS -> putScaled(rms / (24.2 * 0.125 * oddScaleRms(4)), 72, out);
      case IQ2_XXS -> putScaled(rms / (23.1 * 0.125 * oddScaleRms(4)), 64, out);
      case IQ1_S -> putScaled(rms / (0.78 * oddScaleRms(3)), 48, out);
      case IQ1_M -> {
        putRandom(48, out); // grid indices
        short f16 = Float.floatToFloat16((float) jitteredScale(rms / (0.78 * oddScaleRms(3))));
        for (int i = 0; i < 4; i++) {
          int nibble = (f16 >> (4 * i)) & 15;
          out.putShort((short) (random.nextInt(1 << 12) | (nibble << 12)));
        }
      }
      case TQ1_0, TQ2_0 -> {
        putRandom(type.blockBytes() - 2, out);
        putF16(jitteredScale(rms / rootMeanSquare(-1, 0, 1)), out);
      }
      default -> throw new IllegalArgumentException("no random blocks for " + type);
    }
  }

  private void putScaled(double scale, int bytes, ByteBuffer out) {
    putF16(jitteredScale(scale), out);
    putRandom(bytes, out);
  }

  private static double rootMeanSquare(int... values) {
    return Math.sqrt(Arrays.stream(values).mapToLong(v -> (long) v * v).average().orElseThrow());
  }

  /** Of 2 * s + 1, for s of so many random bits. */
  private static double oddScaleRms(int bits) {
    return rootMeanSquare(IntStream.range(0, 1 << bits).map(s -> 2 * s + 1).toArray());
  }

  /** weight = d * (q - 2^(bits-1)). */
  private void putSymmetric(double rms, int bits, int quantBytes, ByteBuffer out) {
    putF16(jitteredScale(rms / centredRms(bits)), out);
    putRandom(quantBytes, out);
  }

  /** weight = d * q + m, m chosen so that the block's mean is near zero. */
  private void putOffset(double rms, int bits, int quantBytes, ByteBuffer out) {
    double scale = jitteredScale(rms / centredRms(bits));
    putF16(scale, out);
    putF16(-scale * mean(bits) * (0.9 + 0.2 * random.nextDouble()), out);
    putRandom(quantBytes, out);
  }

  /** The pair d, dmin of weight = d * scale * q - dmin * minimum. */
  private void putScaleAndMinimum(double rms, int scaleBits, int quantBits, ByteBuffer out) {
    double mu = mean(quantBits);
    double scaleMean = mean(scaleBits);
    double unitSquare =
        meanSquare(scaleBits) * (meanSquare(quantBits) + mu * mu)
            - 2 * mu * mu * scaleMean * scaleMean;
    double scale = jitteredScale(rms / Math.sqrt(unitSquare));
    putF16(scale, out);
    putF16(scale * mu * (0.9 + 0.2 * random.nextDouble()), out);
  }

  private double jitteredScale(double size) {
    return size * (0.5 + random.nextDouble()) * (random.nextBoolean() ? 1 : -1);
  }

  private void putRandom(int bytes, ByteBuffer out) {
    var bits = new byte[bytes];
    random.nextBytes(bits);
    out.put(bits);
  }

  private static void putF16(double value, ByteBuffer out) {
    out.putShort(Float.floatToFloat16((float) value));
  }

  /** Mean of an unsigned integer of so many random bits. */
  private static double mean(int bits) {
    return ((1 << bits) - 1) / 2.0;
  }

  private static double meanSquare(int bits) {
    double n = (1 << bits) - 1;
    return n * (2 * n + 1) / 6;
  }

  /** Root mean square of {@code q - 2^(bits-1)}, the signed value of so many random bits. */
  private static double centredRms(int bits) {
    double half = 1 << (bits - 1);
    return Math.sqrt(meanSquare(bits) - 2 * half * mean(bits) + half * half);
  }
}
