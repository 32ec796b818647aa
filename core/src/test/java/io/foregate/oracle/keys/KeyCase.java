package io.foregate.oracle.keys;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufLayout;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.oracle.TinyModel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A tiny model of which some metadata have been changed.
 *
 * @param base what was changed
 * @param change what has been done, in words that make a file's name
 * @param values by whole key; empty where the key has been dropped
 * @param tensors vectors of F32 that have been added, by name
 */
record KeyCase(
    TinyModel base,
    String change,
    Map<String, Optional<GgufValue>> values,
    Map<String, float[]> tensors) {
  private static final int ALIGNMENT = 32;

  static KeyCase of(TinyModel base, String change, Map<String, Optional<GgufValue>> values) {
    return new KeyCase(base, change, values, Map.of());
  }

  /** Unique, and fit for a file. */
  String name() {
    return base.name() + "~" + change;
  }

  /**
   * Writes the file. It does not wait for the disk, as {@link GgufWriter} does: there are thousands
   * of these, and none has to survive anything.
   *
   * @param original a file of the base
   */
  Path write(GgufFile original, Path file) throws IOException {
    var metadata = new LinkedHashMap<String, GgufValue>(original.metadata().asMap());
    values.forEach(
        (key, value) ->
            value.ifPresentOrElse(v -> metadata.put(key, v), () -> metadata.remove(key)));
    List<ByteBuffer> parts = new ArrayList<>();
    try (GgufWriter writer = GgufWriter.to(file)) {
      metadata.forEach(writer::metadata);
      for (GgufTensor tensor : original.tensors()) {
        MemorySegment data = original.data(tensor);
        writer.tensor(tensor.name(), tensor.type(), tensor.shape(), data);
        parts.add(data.asByteBuffer());
      }
      tensors.forEach(
          (name, floats) -> {
            byte[] data = bytes(floats);
            List<Long> shape = List.of((long) floats.length);
            writer.tensor(name, GgmlType.F32, shape, MemorySegment.ofArray(data));
            parts.add(ByteBuffer.wrap(data));
          });
      parts.addFirst(ByteBuffer.wrap(header(writer)));
    }
    try (FileChannel channel = FileChannel.open(file, CREATE, WRITE, TRUNCATE_EXISTING)) {
      for (ByteBuffer part : parts) {
        channel.write(part);
        long past = channel.position() % ALIGNMENT;
        channel.write(ByteBuffer.allocate(past == 0 ? 0 : (int) (ALIGNMENT - past)));
      }
    }
    return file;
  }

  private static byte[] bytes(float[] data) {
    ByteBuffer bytes = ByteBuffer.allocate(data.length * Float.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(data);
    return bytes.array();
  }

  /** Ends a writer that has told its header. */
  private static final class Told extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** What the writer would write before the tensors: it tells whoever may go on with its file. */
  private static byte[] header(GgufWriter writer) {
    var told = new byte[1][];
    try {
      writer.writeResumable(
          new GgufWriter.Checkpoint() {
            @Override
            public long interval() {
              return Long.MAX_VALUE;
            }

            @Override
            public long begin(List<GgufLayout> files) {
              told[0] = files.getFirst().header();
              throw new Told();
            }

            @Override
            public void reached(long bytes) {}

            @Override
            public boolean keepsUnfinished() {
              return false;
            }
          });
      throw new IllegalStateException("the writer did not ask where to begin");
    } catch (Told e) {
      return told[0];
    }
  }
}
