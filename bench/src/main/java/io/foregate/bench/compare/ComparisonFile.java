package io.foregate.bench.compare;

import io.foregate.bench.measure.SyntheticModel;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The GGUF file that engines are compared on: a user's, or one of random weights that is written
 * for the comparison and deleted with it, since such files take gigabytes and little time.
 *
 * @param written whether it was made for the comparison
 */
record ComparisonFile(Path path, boolean written) implements AutoCloseable {
  private static final Map<String, Function<GgmlType, SyntheticModel>> SHAPES =
      new TreeMap<>(
          Map.of(
              "synthetic", SyntheticModel::large,
              "mixtral", SyntheticModel::mixtral,
              "fine", SyntheticModel::fine));

  /**
   * @param model a file, or {@code SHAPE:TYPE} for one of random weights
   * @param work where that is written, as {@code SHAPE-TYPE.gguf}
   * @throws ForegateException if there is no such shape or type
   */
  static ComparisonFile of(String model, Path work) throws IOException {
    int colon = model.indexOf(':');
    if (colon < 0 || Files.exists(Path.of(model))) {
      return new ComparisonFile(Path.of(model), false);
    }
    String shape = model.substring(0, colon);
    Function<GgmlType, SyntheticModel> made = SHAPES.get(shape);
    if (made == null) {
      throw new ForegateException(
          "There is no file '%s', and no shape '%s'.".formatted(model, shape),
          "Shapes are " + String.join(", ", SHAPES.keySet()) + ".");
    }
    GgmlType type = type(model.substring(colon + 1));
    return written(made.apply(type), Files.createDirectories(work), shape + "-" + type);
  }

  /** Writes a model of random weights. */
  static ComparisonFile written(SyntheticModel model, Path folder, String stem) {
    return new ComparisonFile(model.write(folder.resolve(stem + ".gguf")), true);
  }

  private static GgmlType type(String name) {
    return Arrays.stream(GgmlType.values())
        .filter(type -> type.name().equals(name.toUpperCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "There is no type '%s'.".formatted(name),
                    "Types are called as in GGUF files: F16, Q8_0, Q4_K."));
  }

  /** What results on it are called: the file's name without its end. */
  String stem() {
    return path.getFileName().toString().replaceFirst("\\.gguf$", "");
  }

  @Override
  public void close() throws IOException {
    if (written) {
      Files.deleteIfExists(path);
    }
  }
}
