package io.foregate.tornado;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a test found on the device, in the fields that all of docs/results have. */
final class FoundReport {
  private static final int SCHEMA = 1;

  /** Folder of the reports; they are only printed where it names none. */
  private static final String FOLDER = "foregate.report";

  /** For where there are sources and no Git. */
  private static final String COMMIT = "foregate.commit";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private FoundReport() {}

  /**
   * Prints it, and writes it to {@code PART-DRIVER.json} in the folder that {@code
   * -Dforegate.report} names, if it does.
   */
  static void write(
      String part, String measurement, Map<String, Object> settings, Map<String, Object> found) {
    var backend = new TornadoBackend();
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("schema", SCHEMA);
    report.put("measurement", measurement);
    report.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    try {
      report.put("commit", commit());
      report.put("machine", Machine.here());
      report.put("load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
      report.put("backend", backend.name());
      report.put("device", backend.description());
      report.put("settings", settings);
      report.put("found", found);
      String text = JSON.writeValueAsString(report) + "\n";
      System.out.println(text);
      String folder = System.getProperty(FOLDER);
      if (folder != null) {
        Path file = Path.of(folder).resolve(part + "-" + driver() + ".json");
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String driver() {
    return Devices.preferred().getTornadoVMBackend().name().toLowerCase(Locale.ROOT);
  }

  private static String commit() throws IOException {
    String given = System.getProperty(COMMIT);
    if (given != null) {
      return given;
    }
    Process git =
        new ProcessBuilder("git", "describe", "--always", "--abbrev=40", "--dirty")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String commit = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return commit.isEmpty() ? "unknown" : commit;
  }
}
