package io.foregate.quant.encode;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Quants;
import java.lang.foreign.MemorySegment;

/** Rounds weights to a type in one of several ways. Allocates nothing per call; one per thread. */
public final class WeightQuantizer {
  /** How scales, minima and codes are found. */
  public enum Method {
    /** As ggml does without an importance matrix, byte by byte; knows no importance. */
    REFERENCE,

    /**
     * The least {@code sum(w[i] * (x[i] - decoded[i])^2)} that a search over scales, minima and
     * codes finds. Large weights matter more: {@code w[i] = |x[i]|}, which leaves models nearer to
     * what they were than equal weights do, though the plain error is larger; with an importance
     * matrix {@code w[i] = importance[i] * sqrt(mean(x^2) + x[i]^2)}, as ggml weighs.
     */
    SEARCH,

    /**
     * Half-quadratic quantization (Badri and Shaji, "Half-Quadratic Quantization of Large Machine
     * Learning Models", 2023): outliers weigh less, calibration is neither needed nor used.
     */
    HQQ
  }

  private final GgmlType type;
  private final Method method;
  private final BlockSearch search;

  /**
   * @throws IllegalArgumentException if {@link Quants#writes} says no
   */
  public WeightQuantizer(GgmlType type, Method method) {
    if (!Quants.writes(type)) {
      throw Quants.unsupported(type);
    }
    this.type = type;
    this.method = method;
    this.search = method == Method.REFERENCE || isExact() ? null : new BlockSearch(type);
  }

  /** Types so fine that there is nothing to search for. */
  private boolean isExact() {
    return switch (type) {
      case F32, F16, BF16, Q8_0 -> true;
      default -> false;
    };
  }

  /**
   * Encodes {@code n} finite values.
   *
   * @param n a multiple of the type's block size
   * @param importance of each value, not negative, at the same index less {@code srcOffset} plus
   *     {@code importanceOffset}; null if all matter alike. Used by {@link Method#SEARCH} alone.
   * @throws IllegalArgumentException as {@link ReferenceQuantizer#quantize}
   */
  public void quantize(
      float[] src,
      int srcOffset,
      float[] importance,
      int importanceOffset,
      MemorySegment dst,
      long dstOffset,
      int n) {
    if (search == null) {
      ReferenceQuantizer.quantize(type, src, srcOffset, dst, dstOffset, n);
      return;
    }
    ReferenceQuantizer.requireEncodable(type, src, srcOffset, n);
    int size = type.blockSize();
    for (int i = 0; i < n; i += size) {
      System.arraycopy(src, srcOffset + i, search.x, 0, size);
      search.weigh(importance, importanceOffset + i);
      search.encode(method == Method.HQQ, dst, dstOffset + type.byteSize(i));
    }
  }
}
