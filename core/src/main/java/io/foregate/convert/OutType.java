package io.foregate.convert;

import io.foregate.convert.source.SourceTensor;
import io.foregate.convert.source.SourceType;
import io.foregate.gguf.GgmlType;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The type of a converted model's matrices. Vectors, norms and routers are always F32. */
public enum OutType {
  F32(GgmlType.F32, 0),
  F16(GgmlType.F16, 1),
  BF16(GgmlType.BF16, 32),
  Q8_0(GgmlType.Q8_0, 7);

  private final GgmlType type;
  private final int fileType;

  OutType(GgmlType type, int fileType) {
    this.type = type;
    this.fileType = fileType;
  }

  /** {@code general.file_type}: enum llama_ftype of llama.h. */
  int fileType() {
    return fileType;
  }

  /** The type that most of the weights have already. */
  static OutType of(Map<String, SourceTensor> tensors) {
    Map<SourceType, Long> bytes =
        tensors.values().stream()
            .filter(tensor -> tensor.type() != SourceType.U8)
            .collect(
                Collectors.groupingBy(
                    SourceTensor::type, Collectors.summingLong(t -> t.data().byteSize())));
    SourceType most =
        bytes.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(Map.Entry::getKey)
            .orElse(SourceType.F32);
    return switch (most) {
      case F16 -> F16;
      case BF16 -> BF16;
      case F32, U8 -> F32;
    };
  }

  /**
   * The type of a tensor: what llama.cpp expects in F32 stays so, and rows that are no whole number
   * of blocks are F16.
   */
  GgmlType of(String tensor, List<Long> shape) {
    boolean small =
        shape.size() == 1
            || !tensor.endsWith(".weight")
            || tensor.endsWith("_norm.weight")
            || tensor.contains("ffn_gate_inp")
            || tensor.contains("ssm_conv1d");
    if (small) {
      return GgmlType.F32;
    }
    return shape.getFirst() % type.blockSize() == 0 ? type : GgmlType.F16;
  }
}
