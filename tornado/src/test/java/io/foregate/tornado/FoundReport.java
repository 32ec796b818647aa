package io.foregate.tornado;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.engine.Machine;
import io.foregate.tornado.device.Devices;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a test found on the device, in the fields that all of docs/results have. */
public final class FoundReport {
  private static final int SCHEMA = 2;

  /** The file of a device's results: JSON Lines, of which bench's DeviceReport makes a summary. */
  private static final String FILE = "parts.jsonl";

  /** Folder of that file; reports are only printed where it names none. */
  private static final String FOLDER = "foregate.report";

  /** For where there are sources and no Git. */
  private static final String COMMIT = "foregate.commit";

  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private FoundReport() {}

  /**
   * Prints it, and adds it to the results in the folder that {@code -Dforegate.report} names, if it
   * does. The last line of a part is the one that counts.
   */
  public static void write(
      String part, String measurement, Map<String, Object> settings, Map<String, Object> found) {
    var backend = new TornadoBackend();
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("schema", SCHEMA);
    report.put("part", part + "-" + driver());
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
      System.out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(report));
      String text = JSON.writeValueAsString(report) + "\n";
      String folder = System.getProperty(FOLDER);
      if (folder != null) {
        Path file = Files.createDirectories(Path.of(folder)).resolve(FILE);
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
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
