package io.foregate.quant;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * ggml's number formats: what they decode to, how to encode them, and what a dot product multiplies
 * them with.
 *
 * <p>Scalar, stateless and thread-safe: the definition that every faster kernel is tested against.
 * Source: ggml's {@code dequantize_row_*}, {@code quantize_row_*_ref} and type traits.
 */
public final class Quants {
  private Quants() {}

  /** Whether tensors of this type can be weights of a matrix product. */
  public static boolean supports(GgmlType type) {
    return switch (type) {
      case IQ3_S, IQ3_XXS, IQ2_S, IQ2_XS, IQ2_XXS, IQ1_S, IQ1_M, TQ1_0, TQ2_0 -> true;
      default -> writes(type);
    };
  }

  /** Whether {@link #quantize} can make weights of this type. */
  public static boolean writes(GgmlType type) {
    return switch (type) {
      case F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 -> true;
      case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, MXFP4, IQ4_NL, IQ4_XS -> true;
      default -> false;
    };
  }

  /**
   * The type for rows of {@code columns} weights where {@code wanted} was asked for: {@code wanted}
   * if its blocks divide them, else the one with blocks of 32 that llama.cpp falls back to, else
   * F16. Source: {@code tensor_type_fallback} in llama.cpp's {@code src/llama-quant.cpp}.
   */
  public static GgmlType fitting(GgmlType wanted, long columns) {
    if (columns % wanted.blockSize() == 0) {
      return wanted;
    }
    GgmlType other =
        switch (wanted) {
          case Q2_K, Q3_K -> GgmlType.Q4_0;
          case Q4_K -> GgmlType.Q5_0;
          case Q5_K -> GgmlType.Q5_1;
          case Q6_K -> GgmlType.Q8_0;
          case IQ4_XS -> GgmlType.IQ4_NL;
          default -> GgmlType.F16;
        };
    return columns % other.blockSize() == 0 ? other : GgmlType.F16;
  }

  /**
   * The type that activations are rounded or quantized to before they meet weights of type {@code
   * weight}: ggml's {@code vec_dot_type}.
   *
   * @throws IllegalArgumentException if {@link #supports} says no
   */
  public static GgmlType dotType(GgmlType weight) {
    return switch (weight) {
      case F32 -> GgmlType.F32;
      case F16 -> GgmlType.F16;
      case BF16 -> GgmlType.BF16;
      case Q4_0, Q5_0, Q8_0, MXFP4, IQ4_NL -> GgmlType.Q8_0;
      case Q4_1, Q5_1 -> GgmlType.Q8_1;
      case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS -> GgmlType.Q8_K;
      case IQ3_S, IQ3_XXS, IQ2_S, IQ2_XS, IQ2_XXS, IQ1_S, IQ1_M, TQ1_0, TQ2_0 -> GgmlType.Q8_K;
      default -> throw unsupported(weight);
    };
  }

  /**
   * Decodes {@code n} elements, bit-exact to ggml.
   *
   * @param src bytes; {@code srcOffset} is where the first block begins
   * @param n a multiple of the type's block size
   * @throws IllegalArgumentException if the type is not supported or {@code n} is no whole number
   *     of blocks
   * @throws IndexOutOfBoundsException if {@code src} or {@code dst} is too short
   */
  public static void decode(
      GgmlType type, MemorySegment src, long srcOffset, float[] dst, int dstOffset, int n) {
    decode(type, src, srcOffset, dst, dstOffset, n, new UnpackedBlock());
  }

  /** As above, allocating nothing. */
  public static void decode(
      GgmlType type,
      MemorySegment src,
      long srcOffset,
      float[] dst,
      int dstOffset,
      int n,
      Scratch scratch) {
    decode(type, src, srcOffset, dst, dstOffset, n, scratch.block);
  }

  private static void decode(
      GgmlType type,
      MemorySegment src,
      long srcOffset,
      float[] dst,
      int dstOffset,
      int n,
      UnpackedBlock block) {
    requireWholeBlocks(type, n);
    switch (type) {
      case F32 -> {
        for (int i = 0; i < n; i++) {
          dst[dstOffset + i] = LittleEndian.f32(src, srcOffset + 4L * i);
        }
      }
      case F16 -> {
        for (int i = 0; i < n; i++) {
          dst[dstOffset + i] = LittleEndian.f16(src, srcOffset + 2L * i);
        }
      }
      case BF16 -> {
        for (int i = 0; i < n; i++) {
          dst[dstOffset + i] = LittleEndian.bf16(src, srcOffset + 2L * i);
        }
      }
      default -> {
        for (int i = 0; i < n; i += type.blockSize()) {
          block.read(type, src, srcOffset + type.byteSize(i));
          block.decode(dst, dstOffset + i, type.blockSize());
        }
      }
    }
  }

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
    requireWholeBlocks(type, n);
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
    KQuantizer k = type.blockSize() == UnpackedBlock.MAX_BLOCK ? new KQuantizer() : null;
    var codebook = new CodebookQuantizer();
    for (int i = 0; i < n; i += type.blockSize()) {
      int from = srcOffset + i;
      long to = dstOffset + type.byteSize(i);
      switch (type) {
        case Q4_0 -> SimpleQuantizer.q40(src, from, dst, to);
        case Q4_1 -> SimpleQuantizer.q41(src, from, dst, to);
        case Q5_0 -> SimpleQuantizer.q50(src, from, dst, to);
        case Q5_1 -> SimpleQuantizer.q51(src, from, dst, to);
        case Q8_0 -> SimpleQuantizer.q80(src, from, dst, to);
        case Q8_1 -> SimpleQuantizer.q81(src, from, dst, to);
        case Q2_K -> k.q2(src, from, dst, to);
        case Q3_K -> k.q3(src, from, dst, to);
        case Q4_K -> k.q4(src, from, dst, to);
        case Q5_K -> k.q5(src, from, dst, to);
        case Q6_K -> k.q6(src, from, dst, to);
        case Q8_K -> k.q8(src, from, dst, to);
        case MXFP4 -> codebook.mxfp4(src, from, dst, to);
        case IQ4_NL -> codebook.iq4nl(src, from, dst, to);
        case IQ4_XS -> codebook.iq4xs(src, from, dst, to);
        default -> throw unsupported(type);
      }
    }
  }

  private static void requireWholeBlocks(GgmlType type, int n) {
    if (!supports(type) && type != GgmlType.Q8_1 && type != GgmlType.Q8_K) {
      throw unsupported(type);
    }
    if (n < 0 || n % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          n + " elements of " + type + ", which come in blocks of " + type.blockSize());
    }
  }

  /** Whole blocks of finite values. */
  static void requireEncodable(GgmlType type, float[] src, int srcOffset, int n) {
    requireWholeBlocks(type, n);
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(src[srcOffset + i])) {
        throw new IllegalArgumentException(
            "element " + i + " is " + src[srcOffset + i] + ", which " + type + " cannot hold");
      }
    }
  }

  static IllegalArgumentException unsupported(GgmlType type) {
    return new IllegalArgumentException(
        "type "
            + type
            + " is not supported; supported are "
            + Arrays.stream(GgmlType.values())
                .filter(Quants::supports)
                .map(GgmlType::name)
                .collect(Collectors.joining(", ")));
  }
}
