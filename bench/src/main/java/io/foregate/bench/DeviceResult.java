package io.foregate.bench;

import io.foregate.backend.Backend;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;

/**
 * What one part of {@code scripts/gpu-report} found, in the schema that every measurement shares.
 *
 * @param time when it ended, ISO 8601
 * @param commit of the sources, with "-dirty" behind it where they differed from it
 * @param load processes that wanted a processor in the minute before, by the operating system
 * @param backend that ran it
 * @param device as the backend describes it
 * @param settings that the part was run with
 * @param found what it found: of the part's own shape
 */
record DeviceResult(
    int schema,
    String measurement,
    String time,
    String commit,
    Machine machine,
    double load,
    String backend,
    String device,
    Map<String, Object> settings,
    Object found) {
  static final int SCHEMA = 1;

  static DeviceResult of(
      String measurement,
      String commit,
      Backend backend,
      Map<String, Object> settings,
      Object found) {
    return new DeviceResult(
        SCHEMA,
        measurement,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        commit,
        Machine.here(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        backend.name(),
        backend.description(),
        settings,
        found);
  }

  /** Writes it to {@code FOLDER/PART.json}. */
  Path write(Path folder, String part) throws IOException {
    Path file = Files.createDirectories(folder).resolve(part + ".json");
    Files.writeString(file, ResultJson.of(this) + "\n");
    System.out.printf(Locale.ROOT, "wrote %s%n", file);
    return file;
  }
}
