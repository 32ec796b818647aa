package io.foregate.bench.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.bench.measure.Report;
import io.foregate.engine.Engine;
import io.foregate.quant.vector.VectorProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** Which Foregate and which llama.cpp are compared. */
final class EngineVersions {
  private EngineVersions() {}

  /**
   * @param folder of llama.cpp's shared libraries
   */
  static Report.Versions of(Path folder, LlamaCpp llamaCpp) throws IOException {
    return new Report.Versions(
        foregate(), VectorProvider.get().reason(), release(folder), llamaCpp.system());
  }

  static String foregate() throws IOException {
    var properties = new Properties();
    try (InputStream in = Engine.class.getResourceAsStream("/io/foregate/version.properties")) {
      properties.load(in);
    }
    return properties.getProperty("version");
  }

  /** The release that node-llama-cpp's build notes name. */
  private static String release(Path folder) throws IOException {
    Path notes = folder.resolve("_nlcBuildMetadata.json");
    if (!Files.exists(notes)) {
      return "unknown";
    }
    JsonNode llama = new JsonMapper().readTree(notes.toFile()).at("/buildOptions/llamaCpp");
    return llama.path("repo").asText() + " " + llama.path("release").asText();
  }
}
