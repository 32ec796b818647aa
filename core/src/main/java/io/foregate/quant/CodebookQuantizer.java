package io.foregate.quant;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Quantizers of MXFP4, IQ4_NL and IQ4_XS. Each method encodes one block of finite values from
 * {@code src[from ..]} to {@code dst} at {@code to}. Source: ggml's {@code quantize_row_mxfp4_ref}
 * and {@code quantize_row_iq4_nl_impl} without importance weights, in ggml's order of operations;
 * the codes of a block whose scale is zero are zero, where ggml leaves those of the block before.
 * Mutable scratch, one per thread.
 */
final class CodebookQuantizer {
  private final float[] scales = new float[8];
  private final int[] scaleCodes = new int[8];
  private final int[] q = new int[UnpackedBlock.MAX_BLOCK];
  private float sumQx;
  private float sumQ2;

  void mxfp4(float[] src, int from, MemorySegment dst, long to) {
    float amax = Math.abs(ScaleSearch.extreme(32, src, from));
    int e = amax > 0 ? mxfp4Exponent(amax) : 0;
    float d = Codebooks.e8m0Half(e);
    for (int j = 0; j < 32; j++) {
      q[j] = nearestMxfp4(src[from + j], d);
    }
    BlockPacker.pack(GgmlType.MXFP4, d, 0, scaleCodes, scaleCodes, q, dst, to);
  }

  /** The exponent at which the largest magnitude lies in E2M1's top binade, 4 to 8. */
  static int mxfp4Exponent(float amax) {
    // ggml's log2f rounds to float, and so to the next power where amax is just below it.
    float log2 = (float) (Math.log(amax) / Math.log(2));
    return Math.clamp((int) Math.floor(log2) - 2 + 127, 0, 254);
  }

  /** The first of the codes that come nearest. */
  static int nearestMxfp4(float v, float d) {
    int best = 0;
    float least = Math.abs(v);
    for (int i = 1; i < 16; i++) {
      float error = Math.abs(Codebooks.MXFP4[i] * d - v);
      if (error < least) {
        best = i;
        least = error;
      }
    }
    return best;
  }

  void iq4nl(float[] src, int from, MemorySegment dst, long to) {
    float d = iq4Scale(src, from, 0, 0);
    BlockPacker.pack(GgmlType.IQ4_NL, d, 0, scaleCodes, scaleCodes, q, dst, to);
  }

  void iq4xs(float[] src, int from, MemorySegment dst, long to) {
    for (int j = 0; j < 8; j++) {
      scales[j] = iq4Scale(src, from + 32 * j, 32 * j, 7);
    }
    float d = -ScaleSearch.extreme(8, scales, 0) / 32;
    float inverse = d != 0 ? 1 / d : 0;
    for (int j = 0; j < 8; j++) {
      int code = Math.clamp(ScaleSearch.nearest(inverse * scales[j]), -32, 31);
      scaleCodes[j] = code;
      float sub = d * code;
      float inverseSub = sub != 0 ? 1 / sub : 0;
      for (int i = 32 * j; i < 32 * j + 32; i++) {
        q[i] = nearestIq4(inverseSub * src[from + i]);
      }
    }
    BlockPacker.pack(GgmlType.IQ4_XS, d, 0, scaleCodes, scaleCodes, q, dst, to);
  }

  /**
   * The scale of 32 elements by least squares, weighted by their squares: for the codes that put
   * the extreme element on the lowest value, or the best of further {@code 2 * tries + 1} grids
   * that begin there. Leaves the first grid's codes from {@code to} on.
   *
   * @param tries none looks at the first grid only
   */
  private float iq4Scale(float[] x, int from, int to, int tries) {
    float extreme = ScaleSearch.extreme(32, x, from);
    if (Math.abs(extreme) < ScaleSearch.EPSILON) {
      Arrays.fill(q, to, to + 32, 0);
      return 0;
    }
    float lowest = Codebooks.IQ4[0];
    // With more grids to come, the first is the mirrored one.
    fit(x, from, to, 1 / ((tries > 0 ? -extreme : extreme) / lowest));
    float scale = sumQx / sumQ2;
    float best = scale * sumQx;
    if (tries > 0) {
      for (int i = -tries; i <= tries; i++) {
        fit(x, from, to, (i + lowest) / extreme);
        if (sumQ2 > 0 && sumQx * sumQx > best * sumQ2) {
          scale = sumQx / sumQ2;
          best = scale * sumQx;
        }
      }
    }
    return scale;
  }

  /** Codes for one grid, and the sums of its least squares. */
  private void fit(float[] x, int from, int to, float inverse) {
    sumQx = 0;
    sumQ2 = 0;
    for (int i = 0; i < 32; i++) {
      float v = x[from + i];
      q[to + i] = nearestIq4(inverse * v);
      float value = Codebooks.IQ4[q[to + i]];
      float w = v * v;
      sumQx += w * value * v;
      sumQ2 += w * value * value;
    }
  }

  /** The nearer of the two values around {@code v}; the upper one in the middle. */
  static int nearestIq4(float v) {
    byte[] values = Codebooks.IQ4;
    int low = 0;
    int high = values.length - 1;
    if (v <= values[low]) {
      return low;
    }
    if (v >= values[high]) {
      return high;
    }
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (v < values[middle]) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return v - values[low] < values[high] - v ? low : high;
  }
}
