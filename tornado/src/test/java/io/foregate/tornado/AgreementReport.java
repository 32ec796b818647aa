package io.foregate.tornado;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the comparison of backends found, in the fields that all of docs/results have. */
final class AgreementReport {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private AgreementReport() {}

  /** Prints it, and writes it to the folder that {@code -Dforegate.report} names, if it does. */
  static void write(String policy, Path model, List<String> texts, Map<String, Object> found)
      throws IOException {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("schema", 1);
    report.put("measurement", "agreement of backend tornado with backend cpu, teacher-forced");
    report.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    report.put("commit", commit());
    report.put("machine", Machine.here());
    report.put("device", new TornadoBackend().description());
    report.put("model", model.getFileName().toString());
    report.put("settings", Map.of("policy", policy, "texts", texts));
    report.put("found", found);
    String text = JSON.writeValueAsString(report) + "\n";
    System.out.println(text);
    String folder = System.getProperty("foregate.report");
    if (folder != null) {
      Files.writeString(
          Files.createDirectories(Path.of(folder)).resolve("agreement-tornado-" + policy + ".json"),
          text);
    }
  }

  private static String commit() throws IOException {
    Process git =
        new ProcessBuilder("git", "describe", "--always", "--abbrev=40", "--dirty")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String commit = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return commit.isEmpty() ? "unknown" : commit;
  }
}
