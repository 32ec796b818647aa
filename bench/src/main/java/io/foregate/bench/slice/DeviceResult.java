package io.foregate.bench.slice;

import io.foregate.backend.Backend;
import io.foregate.bench.measure.ResultLines;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;

/**
 * What one part of {@code scripts/gpu-report} found, a line of the device's file: the schema that
 * every measurement shares. A part that runs again adds a line, and the last one counts.
 *
 * @param part of {@code scripts/gpu-report}, and the driver behind it
 * @param time when it ended, ISO 8601
 * @param commit of the sources, with "-dirty" behind it where they differed from it
 * @param load processes that wanted a CPU in the minute before, by the operating system
 * @param backend that ran it
 * @param device as the backend describes it
 * @param settings that the part was run with
 * @param found what it found: of the part's own shape
 */
public record DeviceResult(
    int schema,
    String part,
    String measurement,
    String time,
    String commit,
    Machine machine,
    double load,
    String backend,
    String device,
    Map<String, Object> settings,
    Object found) {
  static final int SCHEMA = 2;

  /** Of all parts, in their folder; the tests on the device write there too. */
  public static final String FILE = "parts" + ResultLines.SUFFIX;

  static DeviceResult of(
      DeviceFlags flags,
      String measurement,
      Backend backend,
      Map<String, Object> settings,
      Object found) {
    return new DeviceResult(
        SCHEMA,
        flags.part,
        measurement,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        flags.commit,
        Machine.here(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        backend.name(),
        backend.description(),
        settings,
        found);
  }

  /** Adds it to the file in a folder. */
  void write(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    ResultLines.append(file, this);
    System.out.printf(Locale.ROOT, "wrote %s to %s%n", part, file);
  }
}
