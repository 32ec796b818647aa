package io.foregate.convert;

import io.foregate.convert.family.ElementMap;
import io.foregate.convert.family.StridedView;
import io.foregate.convert.source.SourceTensor;
import io.foregate.gguf.GgmlType;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of the GGUF file: its sources one after the other, each in the order of a view.
 *
 * @param shape innermost dimension first, as GGUF has it
 * @param parts one source, one per expert, or rows of a source in another order
 * @param type in the file
 */
record TargetTensor(String name, List<Long> shape, List<Part> parts, GgmlType type) {

  /**
   * A source and the order of its elements.
   *
   * @param scales of MXFP4 blocks
   * @param elements what becomes of each
   */
  record Part(
      SourceTensor source, StridedView view, Optional<SourceTensor> scales, ElementMap elements) {}

  TargetTensor {
    shape = List.copyOf(shape);
    parts = List.copyOf(parts);
  }

  boolean isMxfp4() {
    return parts.getFirst().scales().isPresent();
  }
}
