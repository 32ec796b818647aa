package io.foregate.quant.encode;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFactor;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.BlockPacker;
import io.foregate.quant.format.Codebook;
import io.foregate.quant.format.Rounding;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Quantizers of MXFP4, IQ4_NL and IQ4_XS. Each method is of one type and encodes one block of
 * finite values from {@code src[from ..]} to {@code dst} at {@code to}. Source: ggml's {@code
 * quantize_row_mxfp4_ref} and {@code quantize_row_iq4_nl_impl} without importance weights, in
 * ggml's order of operations; the codes of a block whose scale is zero are zero, where ggml leaves
 * those of the block before. Mutable scratch, one per thread.
 */
final class CodebookQuantizer {
  private final float[] scales = new float[8];
  private final int[] scaleCodes = new int[8];
  private final int[] q = new int[UnpackedBlock.MAX_BLOCK];
  private final BlockPacker packer;
  private float sumQx;
  private float sumQ2;

  CodebookQuantizer(GgmlType type) {
    this.packer = new BlockPacker(BlockFormat.of(type));
  }

  void mxfp4(float[] src, int from, MemorySegment dst, long to) {
    float amax = Math.abs(Rounding.extreme(32, src, from));
    int e = amax > 0 ? mxfp4Exponent(amax) : 0;
    float d = BlockFactor.halfPower(e);
    for (int j = 0; j < 32; j++) {
      q[j] = nearest(Codebook.MXFP4, src[from + j], d);
    }
    packer.pack(d, 0, scaleCodes, scaleCodes, q, dst, to);
  }

  /** The exponent at which the largest magnitude lies in E2M1's top binade, 4 to 8. */
  static int mxfp4Exponent(float amax) {
    // ggml's log2f rounds to float, and so to the next power where amax is just below it.
    float log2 = (float) (Math.log(amax) / Math.log(2));
    return Math.clamp((int) Math.floor(log2) - 2 + 127, 0, 254);
  }

  /** The first of the codes whose values times {@code d} come nearest. */
  static int nearest(Codebook book, float v, float d) {
    int best = 0;
    float least = Math.abs(book.value(0) * d - v);
    for (int i = 1; i < book.length(); i++) {
      float error = Math.abs(book.value(i) * d - v);
      if (error < least) {
        best = i;
        least = error;
      }
    }
    return best;
  }

  void iq4nl(float[] src, int from, MemorySegment dst, long to) {
    float d = iq4Scale(src, from, 0, 0);
    packer.pack(d, 0, scaleCodes, scaleCodes, q, dst, to);
  }

  void iq4xs(float[] src, int from, MemorySegment dst, long to) {
    for (int j = 0; j < 8; j++) {
      scales[j] = iq4Scale(src, from + 32 * j, 32 * j, 7);
    }
    float d = -Rounding.extreme(8, scales, 0) / 32;
    float inverse = d != 0 ? 1 / d : 0;
    for (int j = 0; j < 8; j++) {
      int code = Math.clamp(Rounding.nearest(inverse * scales[j]), -32, 31);
      scaleCodes[j] = code;
      float sub = d * code;
      float inverseSub = sub != 0 ? 1 / sub : 0;
      for (int i = 32 * j; i < 32 * j + 32; i++) {
        q[i] = nearestAscending(Codebook.IQ4, inverseSub * src[from + i]);
      }
    }
    packer.pack(d, 0, scaleCodes, scaleCodes, q, dst, to);
  }

  /**
   * The scale of 32 elements by least squares, weighted by their squares: for the codes that put
   * the extreme element on the lowest value, or the best of further {@code 2 * tries + 1} grids
   * that begin there. Leaves the first grid's codes from {@code to} on.
   *
   * @param tries none looks at the first grid only
   */
  private float iq4Scale(float[] x, int from, int to, int tries) {
    float extreme = Rounding.extreme(32, x, from);
    if (Math.abs(extreme) < ScaleSearch.EPSILON) {
      Arrays.fill(q, to, to + 32, 0);
      return 0;
    }
    float lowest = Codebook.IQ4.value(0);
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
      q[to + i] = nearestAscending(Codebook.IQ4, inverse * v);
      float value = Codebook.IQ4.value(q[to + i]);
      float w = v * v;
      sumQx += w * value * v;
      sumQ2 += w * value * value;
    }
  }

  /** The nearer of the two values around {@code v}; the upper one in the middle. */
  static int nearestAscending(Codebook book, float v) {
    int low = 0;
    int high = book.length() - 1;
    if (v <= book.value(low)) {
      return low;
    }
    if (v >= book.value(high)) {
      return high;
    }
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (v < book.value(middle)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return v - book.value(low) < book.value(high) - v ? low : high;
  }
}
