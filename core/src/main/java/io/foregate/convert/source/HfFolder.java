package io.foregate.convert.source;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.InputFile;
import io.foregate.safetensors.SafetensorsHeader;
import io.foregate.safetensors.TensorEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** The weights of a Hugging Face folder: one safetensors file, or shards and their index. */
public final class HfFolder implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String AGAIN = "Download the folder's missing or damaged files again.";

  private final Path path;
  private final Arena arena = Arena.ofShared();
  private final List<Path> files = new ArrayList<>();
  private final Map<String, SourceTensor> tensors = new LinkedHashMap<>();

  private HfFolder(Path path) {
    this.path = path;
  }

  /**
   * Opens a folder, mapping its weights.
   *
   * @throws ForegateException if shards are missing, damaged, or contradict the index
   */
  public static HfFolder open(Path path) {
    if (!Files.isDirectory(path)) {
      throw new ForegateException(
          path + ": no such folder", "Give the folder of a Hugging Face model.");
    }
    var folder = new HfFolder(path);
    try {
      folder.openFiles();
      return folder;
    } catch (RuntimeException | Error e) {
      folder.close();
      throw e;
    }
  }

  private void openFiles() {
    Optional<JsonNode> index = HfJson.find(path.resolve(INDEX));
    if (index.isPresent()) {
      openShards(index.get().path("weight_map"));
    } else if (Files.exists(path.resolve(SINGLE))) {
      openFile(path.resolve(SINGLE));
    } else {
      throw new ForegateException(
          "%s: there is neither %s nor %s".formatted(path, SINGLE, INDEX),
          "Only safetensors can be converted; save PyTorch files (*.bin) anew with transformers'"
              + " save_pretrained.");
    }
  }

  private void openShards(JsonNode weightMap) {
    Path index = path.resolve(INDEX);
    var shards = new TreeSet<String>();
    weightMap.properties().forEach(entry -> shards.add(entry.getValue().asText()));
    if (shards.isEmpty()) {
      throw new ForegateException(index + ": 'weight_map' names no tensor", AGAIN);
    }
    List<String> missing =
        shards.stream().filter(shard -> !Files.isRegularFile(beside(index, shard))).toList();
    if (!missing.isEmpty()) {
      throw new ForegateException(
          "%s: %d of %d shards are missing, first %s"
              .formatted(path, missing.size(), shards.size(), missing.getFirst()),
          AGAIN);
    }
    shards.forEach(shard -> openFile(path.resolve(shard)));
    weightMap
        .properties()
        .forEach(
            entry -> {
              SourceTensor tensor = tensors.get(entry.getKey());
              if (tensor == null || !tensor.file().endsWith(entry.getValue().asText())) {
                throw new ForegateException(
                    "%s: tensor '%s' is not in %s, as the index says"
                        .formatted(path, entry.getKey(), entry.getValue().asText()),
                    AGAIN);
              }
            });
  }

  /** Shards lie in the folder, whatever an index claims. */
  private static Path beside(Path index, String name) {
    if (!isFileName(name)) {
      throw new ForegateException(
          "%s: '%s' is not the name of a file in the folder".formatted(index, name), AGAIN);
    }
    return index.resolveSibling(name);
  }

  private static boolean isFileName(String name) {
    try {
      Path path = Path.of(name);
      return path.getNameCount() == 1 && !path.isAbsolute() && !name.equals("..");
    } catch (InvalidPathException e) {
      return false; // with a NUL, for example
    }
  }

  private void openFile(Path file) {
    MemorySegment bytes;
    try (FileChannel channel = InputFile.open(file, FileKind.SAFETENSORS)) {
      bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      throw InputFile.unreadable(file, e);
    }
    SafetensorsHeader header = SafetensorsHeader.read(file, bytes, AGAIN);
    files.add(file);
    header
        .tensors()
        .forEach((name, entry) -> add(tensor(file, name, entry, bytes, header.dataOffset())));
  }

  private static SourceTensor tensor(
      Path file, String name, TensorEntry entry, MemorySegment bytes, long dataOffset) {
    String where = "%s: tensor '%s'".formatted(file, name);
    SourceType type = SourceType.of(entry.dtype(), where);
    long size = entry.end() - entry.begin();
    if (size % type.bytes() != 0 || size / type.bytes() != entry.elements()) {
      throw new ForegateException(
          "%s has %d bytes, expected %s %s".formatted(where, size, type, entry.shape()), AGAIN);
    }
    return new SourceTensor(
        file, name, type, entry.shape(), bytes.asSlice(dataOffset + entry.begin(), size));
  }

  private void add(SourceTensor tensor) {
    SourceTensor other = tensors.putIfAbsent(tensor.name(), tensor);
    if (other != null) {
      throw new ForegateException(
          "%s is also in %s".formatted(tensor.where(), other.file().getFileName()), AGAIN);
    }
  }

  public Path path() {
    return path;
  }

  /** The weights' files. */
  public List<Path> files() {
    return Collections.unmodifiableList(files);
  }

  public Map<String, SourceTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public void close() {
    arena.close();
  }
}
