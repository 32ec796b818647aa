package io.foregate.quant.format;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * One block of any quantized type, unpacked as its {@link BlockFormat} says.
 *
 * <p>The float operations that make {@code scale} and {@code min}, and the formula of {@link
 * #decode}, follow ggml's {@code dequantize_row_*} in operand order, so decoding is bit-exact to
 * it: types without a minimum have {@code min = +0}, whose subtraction changes no float, not even a
 * negative zero.
 *
 * <p>Mutable scratch, one per thread.
 */
public final class UnpackedBlock {
  /** Elements of the largest block, ggml's QK_K. */
  public static final int MAX_BLOCK = 256;

  private static final int MAX_SUBS = 16;

  /** Bytes of the largest block, ggml's Q8_K. */
  private static final int MAX_BYTES = 292;

  /** Integer codes, in element order; signed where the type's codes are centred. */
  public final int[] q = new int[MAX_BLOCK];

  /** Of each sub-block. */
  public final float[] scale = new float[MAX_SUBS];

  /** Of each sub-block. */
  public final float[] min = new float[MAX_SUBS];

  /** Elements that share one scale. */
  public int subSize;

  /** Elements of the block. */
  int size;

  /** Codes of a grid's entries, or of sub-blocks' scales. */
  final int[] codes = new int[MAX_BLOCK / 4];

  /** Of each eight elements. */
  final int[] signs = new int[MAX_BLOCK / 8];

  private final byte[] bytes = new byte[MAX_BYTES + BitPlane.PADDING];

  /** Reads the block at {@code offset}. {@code type} must be quantized and supported. */
  public void read(GgmlType type, MemorySegment s, long offset) {
    BlockFormat format = BlockFormat.of(type);
    MemorySegment.copy(s, ValueLayout.JAVA_BYTE, offset, bytes, 0, type.blockBytes());
    size = type.blockSize();
    subSize = format.sub();
    int subs = size / subSize;
    format.codes().read(bytes, this);
    format.scales().read(bytes, scale, subs, codes);
    if (format.minima().isPresent()) {
      format.minima().get().read(bytes, min, subs, codes);
    } else {
      Arrays.fill(min, 0, subs, 0f);
    }
  }

  /** Writes {@code n} (the type's block size) values to {@code dst}. */
  public void decode(float[] dst, int dstOffset, int n) {
    for (int sub = 0; sub * subSize < n; sub++) {
      float d = scale[sub];
      float m = min[sub];
      for (int i = sub * subSize; i < (sub + 1) * subSize; i++) {
        dst[dstOffset + i] = d * q[i] - m;
      }
    }
  }
}
