package io.foregate.oracle;

import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import java.nio.file.Path;
import java.util.Arrays;

/** What Foregate takes a file's metadata for. */
public final class ModelDescription {
  /** Positions of a context; as many as the reference's. */
  public static final int CONTEXT = 256;

  private ModelDescription() {}

  /**
   * All that decides what a model of given tensors computes, in words.
   *
   * @throws io.foregate.error.ForegateException if the model does not run
   */
  public static String of(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      ModelConfig config = ModelConfigReader.read(file);
      ModelReader.read(file, config);
      ModelConfig active = config.at(CONTEXT);
      return active.toString().replaceAll("\\[F@\\w+", "")
          + Arrays.toString(active.rope().frequencies());
    }
  }
}
