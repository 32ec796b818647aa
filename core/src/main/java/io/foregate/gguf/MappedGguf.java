package io.foregate.gguf;

import io.foregate.error.ForegateException;
import io.foregate.files.InputFile;
import io.foregate.files.MappedFault;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * One file, mapped as a whole: a model, or a shard of one.
 *
 * @param bytes all of the file, read-only
 * @param header what it says of itself
 */
record MappedGguf(Path path, MemorySegment bytes, GgufParser.Header header) {
  /**
   * Maps and checks a file.
   *
   * @param arena that the mapping belongs to
   * @param heap bytes that the header may take of Java's memory
   * @throws GgufException if it cannot be read, or is not a sound GGUF file of version 2 or 3
   */
  static MappedGguf open(Path path, Arena arena, long heap) {
    try (FileChannel channel = InputFile.open(path, "a GGUF file")) {
      long size = channel.size();
      if (size == 0) {
        throw new GgufException(
            path + ": the file is empty, expected a GGUF model",
            "Was a download or a conversion cut off? Get the file again.",
            0);
      }
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      return new MappedGguf(path, file, GgufParser.parse(file, path.toString(), heap));
    } catch (IOException e) {
      throw told(InputFile.unreadable(path, e));
    } catch (RuntimeException | Error e) {
      RuntimeException told = MappedFault.rethrow(e, path);
      throw told instanceof ForegateException sentence ? told(sentence) : told;
    }
  }

  private static GgufException told(ForegateException e) {
    return e instanceof GgufException known
        ? known
        : new GgufException(e.getMessage(), e.hint(), e);
  }

  /** The same, knowing of its metadata no more. */
  MappedGguf withoutMetadata() {
    GgufMetadata none = GgufMetadata.of(path.toString(), Map.of());
    var rest =
        new GgufParser.Header(
            header.version(), header.alignment(), header.dataOffset(), none, header.tensors());
    return new MappedGguf(path, bytes, rest);
  }

  /** The bytes of a tensor of this file. */
  MemorySegment data(GgufTensor tensor) {
    return bytes.asSlice(header.dataOffset() + tensor.offset(), tensor.byteSize());
  }

  /** Whether the file is shorter than it was when it was opened; one that is gone stays mapped. */
  boolean isCut() {
    try {
      return Files.size(path) < bytes.byteSize();
    } catch (IOException e) {
      return false;
    }
  }
}
