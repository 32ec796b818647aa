package io.foregate.quant;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;

/**
 * Packs codes and scales into the blocks of ggml's quantized types: the inverse of {@link
 * UnpackedBlock}. Source: the structures in ggml's {@code src/ggml-common.h}.
 */
final class BlockPacker {
  private BlockPacker() {}

  /**
   * Writes one block at {@code to}.
   *
   * @param d scale of the block, which is rounded to fp16 (of MXFP4, to a power of two)
   * @param min minimum of the block, of types that have one: {@code d * scale * q - min * minimum}
   * @param scales codes of the sub-blocks' scales, of types that have them, as the formula wants
   *     them (Q3_K and IQ4_XS: -32..31)
   * @param mins codes of the sub-blocks' minima
   * @param q codes as they are stored: from 0, an index of the codebook, or of Q8_0 and Q6_K's
   *     scales signed
   */
  static void pack(
      GgmlType type,
      float d,
      float min,
      int[] scales,
      int[] mins,
      int[] q,
      MemorySegment dst,
      long to) {
    switch (type) {
      case Q4_0, IQ4_NL -> {
        LittleEndian.f16(dst, to, d);
        nibbles(q, 0, 16, dst, to + 2);
      }
      case Q5_0 -> {
        LittleEndian.f16(dst, to, d);
        fifthBits(q, dst, to + 2);
        nibbles(q, 0, 16, dst, to + 6);
      }
      case Q4_1 -> {
        LittleEndian.f16(dst, to, d);
        LittleEndian.f16(dst, to + 2, -min);
        nibbles(q, 0, 16, dst, to + 4);
      }
      case Q5_1 -> {
        LittleEndian.f16(dst, to, d);
        LittleEndian.f16(dst, to + 2, -min);
        fifthBits(q, dst, to + 4);
        nibbles(q, 0, 16, dst, to + 8);
      }
      case MXFP4 -> {
        // 2^(e - 128), the smallest of which is subnormal, see Codebooks.e8m0Half
        LittleEndian.i8(dst, to, d < 0x1p-127f ? 0 : Math.getExponent(d) + 128);
        nibbles(q, 0, 16, dst, to + 1);
      }
      case IQ4_XS -> iq4xs(d, scales, q, dst, to);
      case Q2_K -> q2(d, min, scales, mins, q, dst, to);
      case Q3_K -> q3(d, scales, q, dst, to);
      case Q4_K -> q4(d, min, scales, mins, q, dst, to);
      case Q5_K -> q5(d, min, scales, mins, q, dst, to);
      case Q6_K -> q6(d, scales, q, dst, to);
      default -> throw Quants.unsupported(type);
    }
  }

  /** The first {@code half} elements in the low nibbles, the next in the high ones. */
  private static void nibbles(int[] q, int first, int half, MemorySegment dst, long to) {
    for (int j = 0; j < half; j++) {
      int low = q[first + j] & 0xF;
      LittleEndian.i8(dst, to + j, low | ((q[first + half + j] & 0xF) << 4));
    }
  }

  private static void fifthBits(int[] q, MemorySegment dst, long to) {
    int bits = 0;
    for (int j = 0; j < 32; j++) {
      bits |= (q[j] >> 4) << j;
    }
    LittleEndian.i32(dst, to, bits);
  }

  private static void iq4xs(float d, int[] scales, int[] q, MemorySegment dst, long to) {
    int low = 0;
    int high = 0;
    for (int j = 0; j < 8; j++) {
      int code = scales[j] + 32;
      low |= (code & 15) << (4 * j);
      high |= (code >> 4) << (2 * j);
      nibbles(q, 32 * j, 16, dst, to + 8 + 16L * j);
    }
    LittleEndian.f16(dst, to, d);
    LittleEndian.i16(dst, to + 2, high);
    LittleEndian.i32(dst, to + 4, low);
  }

  private static void q2(
      float d, float min, int[] scales, int[] mins, int[] q, MemorySegment dst, long to) {
    for (int j = 0; j < 16; j++) {
      LittleEndian.i8(dst, to + j, scales[j] | (mins[j] << 4));
    }
    crumbs(q, 0, dst, to + 16);
    LittleEndian.f16(dst, to + 80, d);
    LittleEndian.f16(dst, to + 82, min);
  }

  private static void q3(float d, int[] scales, int[] q, MemorySegment dst, long to) {
    for (int j = 0; j < 8; j++) {
      int low = (scales[j] + 32) & 0xF;
      LittleEndian.i8(dst, to + 96 + j, low | (((scales[j + 8] + 32) & 0xF) << 4));
    }
    for (int j = 0; j < 4; j++) {
      int high = 0;
      for (int run = 0; run < 4; run++) {
        high |= ((scales[4 * run + j] + 32) >> 4) << (2 * run);
      }
      LittleEndian.i8(dst, to + 104 + j, high);
    }
    bitPlane(q, 2, dst, to);
    crumbs(q, 0, dst, to + 32);
    LittleEndian.f16(dst, to + 108, d);
  }

  private static void q4(
      float d, float min, int[] scales, int[] mins, int[] q, MemorySegment dst, long to) {
    scalesAndMins(d, min, scales, mins, dst, to);
    for (int j = 0; j < 4; j++) {
      nibbles(q, 64 * j, 32, dst, to + 16 + 32L * j);
    }
  }

  private static void q5(
      float d, float min, int[] scales, int[] mins, int[] q, MemorySegment dst, long to) {
    scalesAndMins(d, min, scales, mins, dst, to);
    bitPlane(q, 4, dst, to + 16);
    for (int j = 0; j < 4; j++) {
      nibbles(q, 64 * j, 32, dst, to + 48 + 32L * j);
    }
  }

  private static void scalesAndMins(
      float d, float min, int[] scales, int[] mins, MemorySegment dst, long to) {
    LittleEndian.f16(dst, to, d);
    LittleEndian.f16(dst, to + 2, min);
    for (int j = 0; j < 4; j++) {
      int s = scales[j + 4];
      int m = mins[j + 4];
      LittleEndian.i8(dst, to + 4 + j, scales[j] | ((s >> 4) << 6));
      LittleEndian.i8(dst, to + 8 + j, mins[j] | ((m >> 4) << 6));
      LittleEndian.i8(dst, to + 12 + j, (s & 0xF) | ((m & 0xF) << 4));
    }
  }

  private static void q6(float d, int[] scales, int[] q, MemorySegment dst, long to) {
    for (int half = 0; half < 2; half++) {
      for (int l = 0; l < 64; l++) {
        int e = 128 * half + l;
        LittleEndian.i8(dst, to + 64L * half + l, (q[e] & 0xF) | ((q[e + 64] & 0xF) << 4));
      }
    }
    crumbs(q, 4, dst, to + 128);
    for (int j = 0; j < 16; j++) {
      LittleEndian.i8(dst, to + 192 + j, scales[j]);
    }
    LittleEndian.f16(dst, to + 208, d);
  }

  /** One bit of each of 256 codes: 32 bytes, a bit for each run of 32. */
  private static void bitPlane(int[] q, int bit, MemorySegment dst, long to) {
    for (int l = 0; l < 32; l++) {
      int mask = 0;
      for (int run = 0; run < 8; run++) {
        mask |= ((q[32 * run + l] >> bit) & 1) << run;
      }
      LittleEndian.i8(dst, to + l, mask);
    }
  }

  /** Two bits of each of 256 codes, from bit {@code shift} on, in 64 bytes. */
  private static void crumbs(int[] q, int shift, MemorySegment dst, long to) {
    for (int b = 0; b < 64; b++) {
      int e = 128 * (b >> 5) + (b & 31);
      int packed = 0;
      for (int run = 0; run < 4; run++) {
        packed |= ((q[e + 32 * run] >> shift) & 3) << (2 * run);
      }
      LittleEndian.i8(dst, to + b, packed);
    }
  }
}
