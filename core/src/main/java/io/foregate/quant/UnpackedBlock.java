package io.foregate.quant;

import static io.foregate.quant.LittleEndian.f16;
import static io.foregate.quant.LittleEndian.f32;
import static io.foregate.quant.LittleEndian.i32;
import static io.foregate.quant.LittleEndian.i8;
import static io.foregate.quant.LittleEndian.u8;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;

/**
 * One block of any quantized type, unpacked: with {@link CodebookBlocks}, the one place that knows
 * ggml's bit layouts in scalar form.
 *
 * <p>Every quantized type of ggml that Foregate reads is affine per sub-block: element {@code i} of
 * a block has the value {@code scale[s] * q[i] - min[s]} with {@code s = i / subSize}. The float
 * operations that make {@code scale} and {@code min}, and this formula, follow ggml's {@code
 * dequantize_row_*} in operand order, so decoding is bit-exact to it: types without a minimum have
 * {@code min = +0}, whose subtraction changes no float, not even a negative zero.
 *
 * <p>Mutable scratch, one per thread.
 */
final class UnpackedBlock {
  /** Elements of the largest block, ggml's QK_K. */
  static final int MAX_BLOCK = 256;

  private static final int MAX_SUBS = 16;

  /** Integer codes, in element order; signed where the type's codes are centred. */
  final int[] q = new int[MAX_BLOCK];

  final float[] scale = new float[MAX_SUBS];
  final float[] min = new float[MAX_SUBS];

  /** Elements that share one scale. */
  int subSize;

  /** Reads the block at {@code offset}. {@code type} must be quantized and supported. */
  void read(GgmlType type, MemorySegment s, long offset) {
    switch (type) {
      case Q4_0 -> readQ40(s, offset);
      case Q4_1 -> readQ41(s, offset);
      case Q5_0 -> readQ50(s, offset);
      case Q5_1 -> readQ51(s, offset);
      case Q8_0 -> readQ80(s, offset, offset + 2);
      case Q8_1 -> readQ80(s, offset, offset + 4);
      case Q2_K -> readQ2K(s, offset);
      case Q3_K -> readQ3K(s, offset);
      case Q4_K -> readQ4K(s, offset);
      case Q5_K -> readQ5K(s, offset);
      case Q6_K -> readQ6K(s, offset);
      case Q8_K -> readQ8K(s, offset);
      default -> CodebookBlocks.read(type, s, offset, this);
    }
  }

  /** Writes {@code n} (the type's block size) values to {@code dst}. */
  void decode(float[] dst, int dstOffset, int n) {
    for (int i = 0; i < n; i++) {
      int sub = i / subSize;
      dst[dstOffset + i] = scale[sub] * q[i] - min[sub];
    }
  }

  private void single(float d, float negatedOffset) {
    subSize = 32;
    scale[0] = d;
    min[0] = negatedOffset;
  }

  private void readQ40(MemorySegment s, long o) {
    single(f16(s, o), 0f);
    nibbles(s, o + 2, 0, 16, -8);
  }

  private void readQ41(MemorySegment s, long o) {
    single(f16(s, o), -f16(s, o + 2));
    nibbles(s, o + 4, 0, 16, 0);
  }

  private void readQ50(MemorySegment s, long o) {
    single(f16(s, o), 0f);
    nibbles(s, o + 6, 0, 16, -16);
    fifthBits(i32(s, o + 2));
  }

  private void readQ51(MemorySegment s, long o) {
    single(f16(s, o), -f16(s, o + 2));
    nibbles(s, o + 8, 0, 16, 0);
    fifthBits(i32(s, o + 4));
  }

  private void readQ80(MemorySegment s, long o, long quants) {
    single(f16(s, o), 0f);
    for (int i = 0; i < 32; i++) {
      q[i] = i8(s, quants + i);
    }
  }

  /**
   * {@code half} bytes: the low nibbles are the first {@code half} elements from {@code first}, the
   * high nibbles the next.
   */
  private void nibbles(MemorySegment s, long o, int first, int half, int bias) {
    for (int j = 0; j < half; j++) {
      int b = u8(s, o + j);
      q[first + j] = (b & 0xF) + bias;
      q[first + half + j] = (b >> 4) + bias;
    }
  }

  private void fifthBits(int high) {
    for (int j = 0; j < 32; j++) {
      q[j] += ((high >>> j) & 1) << 4;
    }
  }

  private void readQ2K(MemorySegment s, long o) {
    subSize = 16;
    float d = f16(s, o + 80);
    float dmin = f16(s, o + 82);
    for (int j = 0; j < 16; j++) {
      int sc = u8(s, o + j);
      scale[j] = d * (sc & 0xF);
      min[j] = dmin * (sc >> 4);
    }
    crumbs(s, o + 16, 0);
  }

  /**
   * 64 bytes of 2-bit codes: each run of 32 bytes holds 128 elements, one bit pair for each run of
   * 32.
   */
  void crumbs(MemorySegment s, long o, int bias) {
    for (int i = 0; i < MAX_BLOCK; i++) {
      int half = i >> 7;
      int b = u8(s, o + 32L * half + (i & 31));
      q[i] = ((b >> (2 * ((i >> 5) & 3))) & 3) + bias;
    }
  }

  private void readQ3K(MemorySegment s, long o) {
    subSize = 16;
    float d = f16(s, o + 108);
    for (int j = 0; j < 16; j++) {
      scale[j] = d * (q3Scale(s, o + 96, j) - 32);
      min[j] = 0f;
    }
    crumbs(s, o + 32, -4);
    for (int i = 0; i < MAX_BLOCK; i++) {
      q[i] += ((u8(s, o + (i & 31)) >> (i >> 5)) & 1) << 2;
    }
  }

  /** Six-bit scale {@code j} of 16: low nibbles in 8 bytes, then the upper bit pairs in 4. */
  static int q3Scale(MemorySegment s, long o, int j) {
    int low = j < 8 ? u8(s, o + j) & 0xF : u8(s, o + j - 8) >> 4;
    int high = (u8(s, o + 8 + (j & 3)) >> (2 * (j >> 2))) & 3;
    return low | (high << 4);
  }

  private void readQ4K(MemorySegment s, long o) {
    scalesAndMins(s, o);
    for (int j = 0; j < 4; j++) {
      nibbles(s, o + 16 + 32L * j, 64 * j, 32, 0);
    }
  }

  private void readQ5K(MemorySegment s, long o) {
    scalesAndMins(s, o);
    for (int j = 0; j < 4; j++) {
      nibbles(s, o + 48 + 32L * j, 64 * j, 32, 0);
    }
    for (int i = 0; i < MAX_BLOCK; i++) {
      q[i] += ((u8(s, o + 16 + (i & 31)) >> (i >> 5)) & 1) << 4;
    }
  }

  private void scalesAndMins(MemorySegment s, long o) {
    subSize = 32;
    float d = f16(s, o);
    float dmin = f16(s, o + 2);
    for (int j = 0; j < 8; j++) {
      scale[j] = d * k4Scale(s, o + 4, j);
      min[j] = dmin * k4Min(s, o + 4, j);
    }
  }

  /** Six-bit scale {@code j} of the 8 that Q4_K and Q5_K pack with 8 minima into 12 bytes. */
  static int k4Scale(MemorySegment s, long o, int j) {
    return j < 4 ? u8(s, o + j) & 63 : (u8(s, o + j + 4) & 0xF) | ((u8(s, o + j - 4) >> 6) << 4);
  }

  /** Six-bit minimum {@code j}, see {@link #k4Scale}. */
  static int k4Min(MemorySegment s, long o, int j) {
    return j < 4 ? u8(s, o + j + 4) & 63 : (u8(s, o + j + 4) >> 4) | ((u8(s, o + j) >> 6) << 4);
  }

  private void readQ6K(MemorySegment s, long o) {
    subSize = 16;
    float d = f16(s, o + 208);
    for (int j = 0; j < 16; j++) {
      scale[j] = d * i8(s, o + 192 + j);
      min[j] = 0f;
    }
    for (int i = 0; i < MAX_BLOCK; i++) {
      int half = i >> 7;
      int run = (i >> 5) & 3;
      int low = (u8(s, o + 64L * half + 32L * (run & 1) + (i & 31)) >> (4 * (run >> 1))) & 0xF;
      int high = (u8(s, o + 128 + 32L * half + (i & 31)) >> (2 * run)) & 3;
      q[i] = (low | (high << 4)) - 32;
    }
  }

  private void readQ8K(MemorySegment s, long o) {
    subSize = MAX_BLOCK;
    scale[0] = f32(s, o);
    min[0] = 0f;
    for (int i = 0; i < MAX_BLOCK; i++) {
      q[i] = i8(s, o + 4 + i);
    }
  }
}
