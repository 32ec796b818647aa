package io.foregate.gguf;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The element types of tensors: plain numbers (blocks of one element) and ggml's quantized blocks.
 *
 * <p>All types that ggml defines are listed, so that every file can be inspected; which of them can
 * be computed with is said by the {@code quant} package. A row of a tensor is a whole number of
 * blocks. Source: {@code enum ggml_type} in ggml's {@code include/ggml.h}, and the block structures
 * in {@code src/ggml-common.h}.
 */
public enum GgmlType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q8_1(9, 32, 36),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  Q8_K(15, 256, 292),
  IQ2_XXS(16, 256, 66),
  IQ2_XS(17, 256, 74),
  IQ3_XXS(18, 256, 98),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, 32, 18),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, 256, 136),
  I8(24, 1, 1),
  I16(25, 1, 2),
  I32(26, 1, 4),
  I64(27, 1, 8),
  F64(28, 1, 8),
  IQ1_M(29, 256, 56),
  BF16(30, 1, 2),
  TQ1_0(34, 256, 54),
  TQ2_0(35, 256, 66),
  MXFP4(39, 32, 17),
  NVFP4(40, 64, 36),
  Q1_0(41, 128, 18),
  Q2_0(42, 64, 18);

  private static final GgmlType[] BY_ID = byId();

  private final int id;
  private final int blockSize;
  private final int blockBytes;

  GgmlType(int id, int blockSize, int blockBytes) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  private static GgmlType[] byId() {
    var table =
        new GgmlType[Arrays.stream(values()).mapToInt(GgmlType::id).max().orElseThrow() + 1];
    for (GgmlType type : values()) {
      table[type.id] = type;
    }
    return table;
  }

  /** The number by which files name this type. */
  public int id() {
    return id;
  }

  /** Elements per block. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes per block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Whether blocks hold more than one element, sharing scales. */
  public boolean isQuantized() {
    return blockSize > 1;
  }

  /**
   * Bytes taken by that many elements.
   *
   * @param elements zero or more; a multiple of {@link #blockSize()}
   * @throws IllegalArgumentException if the elements are not a whole number of blocks
   * @throws ArithmeticException if the size does not fit a {@code long}
   */
  public long byteSize(long elements) {
    if (elements < 0 || elements % blockSize != 0) {
      throw new IllegalArgumentException(
          elements + " elements are not a whole number of " + this + " blocks of " + blockSize);
    }
    return Math.multiplyExact(elements / blockSize, (long) blockBytes);
  }

  /** The type with that number, or empty if ggml has none, or has it no more. */
  public static Optional<GgmlType> find(int id) {
    return id >= 0 && id < BY_ID.length ? Optional.ofNullable(BY_ID[id]) : Optional.empty();
  }

  /** Names and numbers of all types, for messages. */
  static String knownTypes() {
    return Arrays.stream(values())
        .map(type -> type + "=" + type.id)
        .collect(Collectors.joining(", "));
  }
}
