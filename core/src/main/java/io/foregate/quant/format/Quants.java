package io.foregate.quant.format;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFormat.Use;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * ggml's number formats: what they decode to, and what a dot product multiplies them with.
 *
 * <p>Scalar, stateless and thread-safe: the definition that every faster kernel is tested against.
 * Source: ggml's {@code dequantize_row_*} and type traits.
 */
public final class Quants {
  private Quants() {}

  /** Whether tensors of this type can be weights of a matrix product. */
  public static boolean supports(GgmlType type) {
    return isPlain(type) || isUsed(type, Use.READ) || isUsed(type, Use.WRITTEN);
  }

  /** Whether a quantizer can make weights of this type. */
  public static boolean writes(GgmlType type) {
    return isPlain(type) || isUsed(type, Use.WRITTEN);
  }

  private static boolean isUsed(GgmlType type, Use use) {
    return BlockFormat.exists(type) && BlockFormat.of(type).use() == use;
  }

  private static boolean isPlain(GgmlType type) {
    return type == GgmlType.F32 || type == GgmlType.F16 || type == GgmlType.BF16;
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
    if (isPlain(weight)) {
      return weight;
    }
    if (!supports(weight)) {
      throw unsupported(weight);
    }
    return BlockFormat.of(weight).dotType();
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

  /** As above with a block of the caller's, allocating nothing. */
  public static void decode(
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
   * @throws IllegalArgumentException if the type is not supported or {@code n} is no whole number
   *     of blocks
   */
  public static void requireWholeBlocks(GgmlType type, int n) {
    if (!isPlain(type) && !BlockFormat.exists(type)) {
      throw unsupported(type);
    }
    if (n < 0 || n % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          n + " elements of " + type + ", which come in blocks of " + type.blockSize());
    }
  }

  /** What is thrown where a type cannot be computed with; names those that can. */
  public static IllegalArgumentException unsupported(GgmlType type) {
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
