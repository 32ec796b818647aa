package io.foregate.quant.encode;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.BlockPacker;
import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.Rounding;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.MemorySegment;

/**
 * Quantizers of the 256-element K types: every sub-block finds its scale (and minimum) by itself,
 * these are rounded to 4 to 8 bits against the block's largest, and the codes are rounded again to
 * what the rounded scales decode to.
 *
 * <p>Each method is of one type and encodes one block of finite values from {@code src[from ..]} to
 * {@code dst} at {@code to}. Source: ggml's {@code quantize_row_q*_K_ref}. Mutable scratch, one per
 * thread.
 */
final class KQuantizer {
  private static final ScaleSearch.Grids Q2_GRIDS = new ScaleSearch.Grids(-0.5f, 15, true);
  private static final ScaleSearch.Grids Q4_GRIDS = new ScaleSearch.Grids(-1, 20, false);
  private static final ScaleSearch.Grids Q5_GRIDS = new ScaleSearch.Grids(-0.5f, 15, false);

  private static final int BLOCK = UnpackedBlock.MAX_BLOCK;

  private final ScaleSearch search = new ScaleSearch();
  private final BlockPacker packer;
  private final float[] x = new float[BLOCK];
  private final int[] q = new int[BLOCK];
  private final float[] scales = new float[16];
  private final float[] mins = new float[16];
  private final int[] scaleCodes = new int[16];
  private final int[] minCodes = new int[16];

  KQuantizer(GgmlType type) {
    this.packer = new BlockPacker(BlockFormat.of(type));
  }

  void q2(float[] src, int from, MemorySegment dst, long to) {
    System.arraycopy(src, from, x, 0, BLOCK);
    for (int j = 0; j < 16; j++) {
      for (int l = 0; l < 16; l++) {
        search.weight[l] = Math.abs(x[16 * j + l]);
      }
      scales[j] = search.affine(16, 3, x, 16 * j, q, Q2_GRIDS);
      mins[j] = search.min;
    }
    float maxScale = largest(scales, 16);
    float maxMin = largest(mins, 16);
    float inverseScale = maxScale > 0 ? 15 / maxScale : 0;
    float inverseMin = maxMin > 0 ? 15 / maxMin : 0;
    float d = f16Rounded(maxScale / 15);
    float dmin = f16Rounded(maxMin / 15);
    for (int j = 0; j < 16; j++) {
      int packed =
          (Rounding.nearest(inverseScale * scales[j])
                  | (Rounding.nearest(inverseMin * mins[j]) << 4))
              & 0xFF;
      scaleCodes[j] = packed & 0xF;
      minCodes[j] = packed >> 4;
      recode(16, j, d * scaleCodes[j], dmin * minCodes[j], 0, 3);
    }
    packer.pack(d, dmin, scaleCodes, minCodes, q, dst, to);
  }

  void q3(float[] src, int from, MemorySegment dst, long to) {
    System.arraycopy(src, from, x, 0, BLOCK);
    for (int j = 0; j < 16; j++) {
      scales[j] = search.coordinateDescent(16, 4, x, 16 * j, q);
    }
    float extreme = Rounding.extreme(16, scales, 0);
    float inverse = extreme != 0 ? -32 / extreme : 0;
    float d = extreme != 0 ? f16Rounded(1 / inverse) : 0;
    for (int j = 0; j < 16; j++) {
      // With nothing to scale, ggml stores code 0 (meaning -32), not 32.
      scaleCodes[j] =
          extreme != 0 ? Math.clamp(Rounding.nearest(inverse * scales[j]), -32, 31) : -32;
      recode(16, j, d * scaleCodes[j], 0, -4, 3);
    }
    packer.pack(d, 0, scaleCodes, minCodes, q, dst, to);
  }

  void q4(float[] src, int from, MemorySegment dst, long to) {
    affine32(src, from, 15, Q4_GRIDS, dst, to);
  }

  void q5(float[] src, int from, MemorySegment dst, long to) {
    affine32(src, from, 31, Q5_GRIDS, dst, to);
  }

  /** Q4_K and Q5_K differ in the range of their codes. */
  private void affine32(
      float[] src, int from, int max, ScaleSearch.Grids grids, MemorySegment dst, long to) {
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
      scales[j] = search.affine(32, max, x, 32 * j, q, grids);
      mins[j] = search.min;
    }
    float maxScale = largest(scales, 8);
    float maxMin = largest(mins, 8);
    float inverseScale = maxScale > 0 ? 63 / maxScale : 0;
    float inverseMin = maxMin > 0 ? 63 / maxMin : 0;
    float d = f16Rounded(maxScale / 63);
    float dmin = f16Rounded(maxMin / 63);
    for (int j = 0; j < 8; j++) {
      scaleCodes[j] = Math.min(63, Rounding.nearest(inverseScale * scales[j]) & 0xFF);
      minCodes[j] = Math.min(63, Rounding.nearest(inverseMin * mins[j]) & 0xFF);
      recode(32, j, d * scaleCodes[j], dmin * minCodes[j], 0, max);
    }
    packer.pack(d, dmin, scaleCodes, minCodes, q, dst, to);
  }

  void q6(float[] src, int from, MemorySegment dst, long to) {
    System.arraycopy(src, from, x, 0, BLOCK);
    for (int j = 0; j < 16; j++) {
      scales[j] = search.symmetric(16, 32, x, 16 * j, q);
    }
    float extreme = Rounding.extreme(16, scales, 0);
    if (Math.abs(extreme) < ScaleSearch.EPSILON) {
      dst.asSlice(to, 210).fill((byte) 0);
      return;
    }
    float inverse = -128 / extreme;
    float d = f16Rounded(1 / inverse);
    for (int j = 0; j < 16; j++) {
      int code = Math.min(127, Rounding.nearest(inverse * scales[j]));
      scaleCodes[j] = (byte) code;
      recode(16, j, d * scaleCodes[j], 0, -32, 31);
    }
    packer.pack(d, 0, scaleCodes, minCodes, q, dst, to);
  }

  void q8(float[] src, int from, MemorySegment dst, long to) {
    float extreme = Rounding.extreme(BLOCK, src, from);
    float inverse = extreme != 0 ? -127 / extreme : 0;
    LittleEndian.f32(dst, to, extreme != 0 ? 1 / inverse : 0);
    for (int j = 0; j < 16; j++) {
      int sum = 0;
      for (int l = 16 * j; l < 16 * j + 16; l++) {
        int code = Math.min(127, Rounding.nearest(inverse * src[from + l]));
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
      q[i] = Math.clamp(Rounding.nearest((x[i] + min) / d), lo, hi) - lo;
    }
  }

  private static float largest(float[] values, int n) {
    float max = 0;
    for (int i = 0; i < n; i++) {
      max = values[i] > max ? values[i] : max;
    }
    return max;
  }

  private static float f16Rounded(float v) {
    return Float.float16ToFloat(Float.floatToFloat16(v));
  }
}
