package io.foregate.oracle;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * What llama.cpp answered for one tiny model, kept so that tests run without it.
 *
 * @param source the reference's name and version
 * @param modelSha256 hash of the GGUF that was evaluated; the generator must make the same file
 * @param evaluation its answer
 */
record GoldenFile(String source, String modelSha256, Evaluation evaluation) {
  private static final JsonMapper JSON = new JsonMapper();

  /** Reads the golden file of a model from the test resources. */
  static GoldenFile of(String modelName) throws IOException {
    String resource = "/oracle/" + modelName + ".json.gz";
    try (InputStream in = GoldenFile.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException(
            "no golden file %s: run scripts/oracle/update-golden".formatted(resource));
      }
      return JSON.readValue(new GZIPInputStream(in), GoldenFile.class);
    }
  }

  void write(Path file) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      JSON.writeValue(out, this);
    }
  }

  /** Reads what an eval command printed. */
  static Evaluation readEvaluation(Path json) throws IOException {
    return JSON.readValue(json.toFile(), Evaluation.class);
  }
}
