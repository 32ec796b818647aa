package io.foregate.convert.source;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** Element types of safetensors that can be read here. */
public enum SourceType {
  F32(4, GgmlType.F32),
  F16(2, GgmlType.F16),
  BF16(2, GgmlType.BF16),
  /** Packed codes, such as MXFP4's blocks and scales. */
  U8(1, null);

  private final int bytes;
  private final GgmlType ggml;

  SourceType(int bytes, GgmlType ggml) {
    this.bytes = bytes;
    this.ggml = ggml;
  }

  public int bytes() {
    return bytes;
  }

  /** The same type in GGUF; empty for packed codes. */
  public Optional<GgmlType> ggml() {
    return Optional.ofNullable(ggml);
  }

  /**
   * The type of that name in a header.
   *
   * @param where the tensor, for the message
   */
  static SourceType of(String dtype, String where) {
    return Arrays.stream(values())
        .filter(type -> type.name().equals(dtype))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "%s has type %s, which is not supported".formatted(where, dtype),
                    "Supported: %s. Convert the original weights, not a quantized copy."
                        .formatted(
                            Arrays.stream(values())
                                .map(Enum::name)
                                .collect(Collectors.joining(", ")))));
  }
}
