package io.foregate.oracle;

import io.foregate.gguf.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

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
final class RandomBlocks {
  private final Random random;

  RandomBlocks(Random random) {
    this.random = random;
  }

  /**
   * Makes weights of about the given root mean square.
   *
   * @param elements how many; a multiple of the type's block size
   * @return the tensor's bytes, {@code type.byteSize(elements)} long
   */
  byte[] weights(GgmlType type, int elements, double rms) {
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
      case F16 -> putHalf(random.nextGaussian() * rms, out);
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
        putHalf(jitteredScale(rms / (centredRms(6) * centredRms(3))), out);
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
        putHalf(jitteredScale(rms / (centredRms(8) * centredRms(6))), out);
      }
      default -> throw new IllegalArgumentException("no random blocks for " + type);
    }
  }

  /** weight = d * (q - 2^(bits-1)). */
  private void putSymmetric(double rms, int bits, int quantBytes, ByteBuffer out) {
    putHalf(jitteredScale(rms / centredRms(bits)), out);
    putRandom(quantBytes, out);
  }

  /** weight = d * q + m, m chosen so that the block's mean is near zero. */
  private void putOffset(double rms, int bits, int quantBytes, ByteBuffer out) {
    double scale = jitteredScale(rms / centredRms(bits));
    putHalf(scale, out);
    putHalf(-scale * mean(bits) * (0.9 + 0.2 * random.nextDouble()), out);
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
    putHalf(scale, out);
    putHalf(scale * mu * (0.9 + 0.2 * random.nextDouble()), out);
  }

  private double jitteredScale(double size) {
    return size * (0.5 + random.nextDouble()) * (random.nextBoolean() ? 1 : -1);
  }

  private void putRandom(int bytes, ByteBuffer out) {
    var bits = new byte[bytes];
    random.nextBytes(bits);
    out.put(bits);
  }

  private static void putHalf(double value, ByteBuffer out) {
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
