package io.foregate.quant.encode;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.Quants;
import java.lang.foreign.MemorySegment;

/**
 * Encodes values as ggml does without an importance matrix, byte by byte; of a type that ggml has
 * no quantizer for, by search. Stateless and thread-safe. Source: ggml's {@code
 * quantize_row_*_ref}.
 */
public final class ReferenceQuantizer {
  /** Encodes one block of finite values from {@code src[from ..]} to {@code dst} at {@code to}. */
  private interface BlockEncoder {
    void encode(float[] src, int from, MemorySegment dst, long to);
  }

  private ReferenceQuantizer() {}

  /**
   * Encodes {@code n} finite values with ggml's reference quantizer (no importance matrix).
   *
   * @param n a multiple of the type's block size
   * @throws IllegalArgumentException if the type is not supported, {@code n} is no whole number of
   *     blocks, or a value meant for a quantized type is NaN or infinite (one such value would
   *     spoil its whole block)
   * @throws IndexOutOfBoundsException if {@code src} or {@code dst} is too short
   */
  public static void quantize(
      GgmlType type, float[] src, int srcOffset, MemorySegment dst, long dstOffset, int n) {
    Quants.requireWholeBlocks(type, n);
    switch (type) {
      case F32 -> {
        for (int i = 0; i < n; i++) {
          LittleEndian.f32(dst, dstOffset + 4L * i, src[srcOffset + i]);
        }
      }
      case F16 -> {
        for (int i = 0; i < n; i++) {
          LittleEndian.f16(dst, dstOffset + 2L * i, src[srcOffset + i]);
        }
      }
      case BF16 -> {
        for (int i = 0; i < n; i++) {
          LittleEndian.bf16(dst, dstOffset + 2L * i, src[srcOffset + i]);
        }
      }
      default -> {
        requireEncodable(type, src, srcOffset, n);
        quantizeBlocks(type, src, srcOffset, dst, dstOffset, n);
      }
    }
  }

  private static void quantizeBlocks(
      GgmlType type, float[] src, int srcOffset, MemorySegment dst, long dstOffset, int n) {
    BlockEncoder ggml = ofGgml(type);
    BlockEncoder encoder = ggml != null ? ggml : searched(type);
    for (int i = 0; i < n; i += type.blockSize()) {
      encoder.encode(src, srcOffset + i, dst, dstOffset + type.byteSize(i));
    }
  }

  /** Whether ggml has a quantizer that is followed; else blocks are searched. */
  static boolean followsGgml(GgmlType type) {
    return ofGgml(type) != null;
  }

  /** Null where ggml has nothing to follow. */
  private static BlockEncoder ofGgml(GgmlType type) {
    return switch (type) {
      case Q4_0 -> SimpleQuantizer::q40;
      case Q4_1 -> SimpleQuantizer::q41;
      case Q5_0 -> SimpleQuantizer::q50;
      case Q5_1 -> SimpleQuantizer::q51;
      case Q8_0 -> SimpleQuantizer::q80;
      case Q8_1 -> SimpleQuantizer::q81;
      case Q2_K -> new KQuantizer(type)::q2;
      case Q3_K -> new KQuantizer(type)::q3;
      case Q4_K -> new KQuantizer(type)::q4;
      case Q5_K -> new KQuantizer(type)::q5;
      case Q6_K -> new KQuantizer(type)::q6;
      case Q8_K -> new KQuantizer(type)::q8;
      case MXFP4 -> new CodebookQuantizer(type)::mxfp4;
      case IQ4_NL -> new CodebookQuantizer(type)::iq4nl;
      case IQ4_XS -> new CodebookQuantizer(type)::iq4xs;
      default -> null;
    };
  }

  private static BlockEncoder searched(GgmlType type) {
    if (!Quants.writes(type)) {
      throw Quants.unsupported(type);
    }
    return new BlockSearch(type)::encode;
  }

  /** Whole blocks of finite values. */
  static void requireEncodable(GgmlType type, float[] src, int srcOffset, int n) {
    Quants.requireWholeBlocks(type, n);
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(src[srcOffset + i])) {
        throw new IllegalArgumentException(
            "element " + i + " is " + src[srcOffset + i] + ", which " + type + " cannot hold");
      }
    }
  }
}
