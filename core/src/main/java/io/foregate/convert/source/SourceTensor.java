package io.foregate.convert.source;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * A tensor of a Hugging Face folder.
 *
 * @param file the shard that it lies in
 * @param shape outermost dimension first
 * @param data its bytes, mapped; alive as long as the folder is open
 */
public record SourceTensor(
    Path file, String name, SourceType type, List<Long> shape, MemorySegment data) {

  /** How messages call it. */
  public String where() {
    return "%s: tensor '%s'".formatted(file, name);
  }
}
