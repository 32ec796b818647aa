package io.foregate.bench.compare;

import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultLines;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * How speed goes as one thing grows: a line of {@value #FILE}, with raw samples.
 *
 * @param sweep what grows, a {@link GrowthSweep}'s {@link GrowthSweep#id}
 * @param time when it ended, ISO 8601
 * @param commit of the sources, with "-dirty" behind it where they differed from it
 * @param load processes that wanted a CPU in the minute before, by the operating system
 * @param model that of the largest size
 * @param points from the smallest size up
 */
public record GrowthResult(
    int schema,
    String sweep,
    String time,
    String commit,
    Machine machine,
    double load,
    Report.Versions versions,
    String model,
    Report.RunSettings settings,
    List<GrowthSample> points) {
  static final int SCHEMA = 1;

  /** Where all of them are. */
  public static final String FILE = "growth.jsonl";

  /**
   * One size.
   *
   * @param size of what grows
   */
  public record GrowthSample(int size, Report.Result result) {
    /**
     * Tokens per second if memory were all that counts: the read loop's speed, over the bytes that
     * a token needs. NaN for a prefill.
     */
    double limit() {
      Report.Bandwidth memory = result.bandwidth();
      return memory == null
          ? Double.NaN
          : memory.readLoopGbps() * 1e9 / memory.samples().bytesPerToken();
    }
  }

  /** What grew, and what became of Foregate's speed, in few words. */
  public String finding() {
    GrowthSample first = points.getFirst();
    GrowthSample last = points.getLast();
    return String.format(
        Locale.ROOT,
        "%s (%d to %d: %.2f)",
        sweep,
        first.size(),
        last.size(),
        last.result().foregateTokensPerSecond() / first.result().foregateTokensPerSecond());
  }

  /** Those of a folder, in the sweeps' order. */
  public static List<GrowthResult> read(Path folder) throws IOException {
    return ResultLines.read(folder.resolve(FILE), GrowthResult.class).stream()
        .sorted(Comparator.comparing(result -> GrowthSweep.named(result.sweep())))
        .toList();
  }

  /** Writes this one to a folder, in the place of an earlier one of the same sweep. */
  void write(Path folder) throws IOException {
    List<GrowthResult> all = new ArrayList<>(read(folder));
    all.removeIf(other -> other.sweep().equals(sweep));
    all.add(this);
    all.sort(Comparator.comparing(result -> GrowthSweep.named(result.sweep())));
    ResultLines.write(folder.resolve(FILE), all);
  }
}
