package io.foregate.bench.compare;

import io.foregate.convert.Conversion;
import io.foregate.convert.ConvertListener;
import io.foregate.convert.ConvertOptions;
import io.foregate.convert.OutType;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufWriter;
import io.foregate.quant.encode.ReferenceQuantizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A Hugging Face folder of floats as a GGUF file all of whose matrices have one type, as Jlama
 * quantizes all of them.
 */
final class RetypedModel {
  private RetypedModel() {}

  /** Writes {@code target}; a file of floats is made beside it, and deleted. */
  static Path write(Path folder, GgmlType type, Path target) throws IOException {
    Path floats = target.resolveSibling("floats.gguf");
    Files.deleteIfExists(floats);
    Files.deleteIfExists(target);
    try (Conversion conversion =
        Conversion.open(folder, ConvertOptions.defaults().withType(OutType.F32))) {
      conversion.write(floats, ConvertListener.NONE, () -> true);
    }
    try (GgufFile file = GgufFile.open(floats);
        GgufWriter writer = GgufWriter.to(target)) {
      writer.metadata(file.metadata());
      for (GgufTensor tensor : file.tensors()) {
        add(writer, tensor, file.data(tensor), type);
      }
      writer.write();
    }
    Files.delete(floats);
    return target;
  }

  private static void add(GgufWriter writer, GgufTensor tensor, MemorySegment data, GgmlType type) {
    if (tensor.shape().size() < 2) {
      writer.tensor(tensor.name(), tensor.type(), tensor.shape(), data);
      return;
    }
    int columns = Math.toIntExact(tensor.shape().getFirst());
    long rowBytes = Float.BYTES * (long) columns;
    long rows = tensor.elements() / columns;
    writer.tensor(
        tensor.name(),
        type,
        tensor.shape(),
        out -> {
          var row = MemorySegment.ofArray(new byte[Math.toIntExact(type.byteSize(columns))]);
          for (long r = 0; r < rows; r++) {
            float[] values =
                data.asSlice(r * rowBytes, rowBytes).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
            ReferenceQuantizer.quantize(type, values, 0, row, 0, columns);
            out.write(row);
          }
        });
  }
}
