package io.foregate.quant;

import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;

/**
 * Quantizers of the 256-element K types: every sub-block finds its scale (and minimum) by itself,
 * these are rounded to 4 to 8 bits against the block's largest, and the codes are rounded again to
 * what the rounded scales decode to.
 *
 * <p>Each method encodes one block of finite values from {@code src[from ..]} to {@code dst} at
 * {@code to}. Source: ggml's {@code quantize_row_q*_K_ref}. Mutable scratch, one per thread.
 */
final class KQuantizer {
  private static final int BLOCK = UnpackedBlock.MAX_BLOCK;

  private final ScaleSearch search = new ScaleSearch();
  private final float[] x = new float[BLOCK];
  private final int[] q = new int[BLOCK];
  private final float[] scales = new float[16];
  private final float[] mins = new float[16];
  private final int[] scaleCodes = new int[16];
  private final int[] minCodes = new int[16];

  void q2(float[] src, int from, MemorySegment dst, long to) {
    System.arraycopy(src, from, x, 0, BLOCK);
    for (int j = 0; j < 16; j++) {
      for (int l = 0; l < 16; l++) {
        search.weight[l] = Math.abs(x[16 * j + l]);
      }
      scales[j] = search.affine(16, 3, x, 16 * j, q, -0.5f, 0.1f, 15, true);
      mins[j] = search.min;
    }
    float maxScale = largest(scales, 16);
    float maxMin = largest(mins, 16);
    float inverseScale = maxScale > 0 ? 15 / maxScale : 0;
    float inverseMin = maxMin > 0 ? 15 / maxMin : 0;
    float d = halfRounded(maxScale / 15);
    float dmin = halfRounded(maxMin / 15);
    for (int j = 0; j < 16; j++) {
      int packed =
          (ScaleSearch.nearest(inverseScale * scales[j])
                  | (ScaleSearch.nearest(inverseMin * mins[j]) << 4))
              & 0xFF;
      LittleEndian.i8(dst, to + j, packed);
      recode(16, j, d * (packed & 0xF), dmin * (packed >> 4), 0, 3);
    }
    crumbs(dst, to + 16, i -> q[i]);
    LittleEndian.f16(dst, to + 80, d);
    LittleEndian.f16(dst, to + 82, dmin);
  }

  void q3(float[] src, int from, MemorySegment dst, long to) {
    System.arraycopy(src, from, x, 0, BLOCK);
    for (int j = 0; j < 16; j++) {
      scales[j] = search.coordinateDescent(16, 4, x, 16 * j, q);
    }
    float extreme = ScaleSearch.extreme(16, scales, 0);
    float inverse = extreme != 0 ? -32 / extreme : 0;
    float d = extreme != 0 ? halfRounded(1 / inverse) : 0;
    for (int j = 0; j < 12; j++) {
      LittleEndian.i8(dst, to + 96 + j, 0);
    }
    for (int j = 0; j < 16; j++) {
      // With nothing to scale, ggml stores code 0 (meaning -32), not 32.
      int code =
          extreme != 0 ? Math.clamp(ScaleSearch.nearest(inverse * scales[j]), -32, 31) + 32 : 0;
      long low = to + 96 + (j & 7);
      LittleEndian.i8(dst, low, LittleEndian.u8(dst, low) | ((code & 0xF) << (4 * (j >> 3))));
      long high = to + 104 + (j & 3);
      LittleEndian.i8(dst, high, LittleEndian.u8(dst, high) | ((code >> 4) << (2 * (j >> 2))));
      recode(16, j, d * (code - 32), 0, -4, 3);
    }
    for (int m = 0; m < 32; m++) {
      int mask = 0;
      for (int run = 0; run < 8; run++) {
        mask |= (q[32 * run + m] >> 2) << run;
      }
      LittleEndian.i8(dst, to + m, mask);
    }
    crumbs(dst, to + 32, i -> q[i] & 3);
    LittleEndian.f16(dst, to + 108, d);
  }

  void q4(float[] src, int from, MemorySegment dst, long to) {
    affine32(src, from, 15, -1f, 20, dst, to);
    for (int j = 0; j < 4; j++) {
      for (int l = 0; l < 32; l++) {
        LittleEndian.i8(dst, to + 16 + 32L * j + l, q[64 * j + l] | (q[64 * j + 32 + l] << 4));
      }
    }
  }

  void q5(float[] src, int from, MemorySegment dst, long to) {
    affine32(src, from, 31, -0.5f, 15, dst, to);
    for (int l = 0; l < 32; l++) {
      int fifth = 0;
      for (int run = 0; run < 8; run++) {
        fifth |= (q[32 * run + l] >> 4) << run;
      }
      LittleEndian.i8(dst, to + 16 + l, fifth);
    }
    for (int j = 0; j < 4; j++) {
      for (int l = 0; l < 32; l++) {
        int low = q[64 * j + l] & 0xF;
        int high = q[64 * j + 32 + l] & 0xF;
        LittleEndian.i8(dst, to + 48 + 32L * j + l, low | (high << 4));
      }
    }
  }

  /**
   * Codes, scales and minima of Q4_K and Q5_K, which differ in the range of their codes; writes the
   * first 16 bytes.
   */
  private void affine32(
      float[] src, int from, int max, float first, int steps, MemorySegment dst, long to) {
    System.arraycopy(src, from, x, 0, BLOCK);
    for (int j = 0; j < 8; j++) {
      float sumSquares = 0;
      for (int l = 0; l < 32; l++) {
        sumSquares += x[32 * j + l] * x[32 * j + l];
      }
      float rms = (float) Math.sqrt(sumSquares / 32);
      for (int l = 0; l < 32; l++) {
        search.weight[l] = rms + Math.abs(x[32 * j + l]);
      }
      scales[j] = search.affine(32, max, x, 32 * j, q, first, 0.1f, steps, false);
      mins[j] = search.min;
    }
    float maxScale = largest(scales, 8);
    float maxMin = largest(mins, 8);
    float inverseScale = maxScale > 0 ? 63 / maxScale : 0;
    float inverseMin = maxMin > 0 ? 63 / maxMin : 0;
    float d = halfRounded(maxScale / 63);
    float dmin = halfRounded(maxMin / 63);
    for (int j = 0; j < 8; j++) {
      scaleCodes[j] = Math.min(63, ScaleSearch.nearest(inverseScale * scales[j]) & 0xFF);
      minCodes[j] = Math.min(63, ScaleSearch.nearest(inverseMin * mins[j]) & 0xFF);
      recode(32, j, d * scaleCodes[j], dmin * minCodes[j], 0, max);
    }
    LittleEndian.f16(dst, to, d);
    LittleEndian.f16(dst, to + 2, dmin);
    for (int j = 0; j < 4; j++) {
      int s = scaleCodes[j + 4];
      int m = minCodes[j + 4];
      LittleEndian.i8(dst, to + 4 + j, scaleCodes[j] | ((s >> 4) << 6));
      LittleEndian.i8(dst, to + 8 + j, minCodes[j] | ((m >> 4) << 6));
      LittleEndian.i8(dst, to + 12 + j, (s & 0xF) | ((m & 0xF) << 4));
    }
  }

  void q6(float[] src, int from, MemorySegment dst, long to) {
    System.arraycopy(src, from, x, 0, BLOCK);
    for (int j = 0; j < 16; j++) {
      scales[j] = search.symmetric(16, 32, x, 16 * j, q);
    }
    float extreme = ScaleSearch.extreme(16, scales, 0);
    if (Math.abs(extreme) < ScaleSearch.EPSILON) {
      dst.asSlice(to, 210).fill((byte) 0);
      return;
    }
    float inverse = -128 / extreme;
    float d = halfRounded(1 / inverse);
    for (int j = 0; j < 16; j++) {
      int code = Math.min(127, ScaleSearch.nearest(inverse * scales[j]));
      LittleEndian.i8(dst, to + 192 + j, code);
      recode(16, j, d * (byte) code, 0, -32, 31);
    }
    for (int half = 0; half < 2; half++) {
      for (int l = 0; l < 32; l++) {
        int e = 128 * half + l;
        LittleEndian.i8(dst, to + 64L * half + l, (q[e] & 0xF) | ((q[e + 64] & 0xF) << 4));
        LittleEndian.i8(
            dst, to + 64L * half + 32 + l, (q[e + 32] & 0xF) | ((q[e + 96] & 0xF) << 4));
      }
    }
    crumbs(dst, to + 128, i -> q[i] >> 4);
    LittleEndian.f16(dst, to + 208, d);
  }

  void q8(float[] src, int from, MemorySegment dst, long to) {
    float extreme = ScaleSearch.extreme(BLOCK, src, from);
    float inverse = extreme != 0 ? -127 / extreme : 0;
    LittleEndian.f32(dst, to, extreme != 0 ? 1 / inverse : 0);
    for (int j = 0; j < 16; j++) {
      int sum = 0;
      for (int l = 16 * j; l < 16 * j + 16; l++) {
        int code = Math.min(127, ScaleSearch.nearest(inverse * src[from + l]));
        LittleEndian.i8(dst, to + 4 + l, code);
        sum += code;
      }
      LittleEndian.i16(dst, to + 260 + 2L * j, sum);
    }
  }

  /**
   * Rounds sub-block {@code j}'s elements to codes lo..hi of {@code d * code - min}, stored as
   * 0..hi-lo. A zero scale keeps the codes that the search left.
   */
  private void recode(int size, int j, float d, float min, int lo, int hi) {
    if (d == 0) {
      return;
    }
    for (int i = size * j; i < size * j + size; i++) {
      q[i] = Math.clamp(ScaleSearch.nearest((x[i] + min) / d), lo, hi) - lo;
    }
  }

  /**
   * Packs two bits of each of 256 elements into 64 bytes, the inverse of {@link UnpackedBlock}'s
   * 2-bit layout.
   */
  private static void crumbs(MemorySegment dst, long to, IntUnaryOperator bits) {
    for (int b = 0; b < 64; b++) {
      int e = 128 * (b >> 5) + (b & 31);
      int packed =
          bits.applyAsInt(e)
              | (bits.applyAsInt(e + 32) << 2)
              | (bits.applyAsInt(e + 64) << 4)
              | (bits.applyAsInt(e + 96) << 6);
      LittleEndian.i8(dst, to + b, packed);
    }
  }

  private static float largest(float[] values, int n) {
    float max = 0;
    for (int i = 0; i < n; i++) {
      max = values[i] > max ? values[i] : max;
    }
    return max;
  }

  private static float halfRounded(float v) {
    return Float.float16ToFloat(Float.floatToFloat16(v));
  }
}
