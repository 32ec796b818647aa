package io.foregate.bench.startup;

import io.foregate.bench.measure.Report;
import io.foregate.engine.Machine;
import java.util.List;

/**
 * What starting takes: {@value #FILE}, with raw samples.
 *
 * @param time when it ended, ISO 8601
 * @param commit of the sources, with "-dirty" behind it where they differed from it
 * @param load processes that wanted a CPU in the minute before, by the operating system
 * @param settings how it was measured
 * @param foregate its version
 * @param kernels what commands that compute do so with
 */
public record StartupResult(
    int schema,
    String measurement,
    String time,
    String commit,
    Machine machine,
    double load,
    String foregate,
    String kernels,
    StartupSettings settings,
    List<StartedCommand> results) {
  static final int SCHEMA = 1;

  /** Its name in docs/results. */
  public static final String FILE = "startup.json";

  /**
   * @param model what is run: its file's name
   * @param repetitions samples of each
   */
  public record StartupSettings(String model, int repetitions) {}

  /**
   * A command, its whole process: from before the launcher's start until it has ended.
   *
   * @param name what it is, for people
   * @param command what the launcher is given; empty for the JVM alone, without it
   * @param cache whether the JVM had its AOT cache
   * @param goalSeconds what is to be reached with the cache; {@code null} for nothing
   * @param samplesNs nanoseconds, in the order in which they were taken
   */
  public record StartedCommand(
      String name,
      List<String> command,
      boolean cache,
      Double goalSeconds,
      List<Long> samplesNs,
      double medianSeconds) {

    static StartedCommand of(
        String name, List<String> command, boolean cache, Double goal, List<Long> samples) {
      double median = Report.median(samples.stream().mapToDouble(ns -> ns / 1e9));
      return new StartedCommand(name, command, cache, goal, List.copyOf(samples), median);
    }

    double fastestSeconds() {
      return samplesNs.stream().mapToDouble(ns -> ns / 1e9).min().orElseThrow();
    }

    double slowestSeconds() {
      return samplesNs.stream().mapToDouble(ns -> ns / 1e9).max().orElseThrow();
    }
  }
}
