package io.foregate.bench.compare;

import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * All comparisons of a folder, each workload a line, beside what is to be reached. Goals are of
 * models that weigh a gigabyte or more: smaller ones fit caches that a token of a real model does
 * not.
 *
 * @param runs on which machines and of which sources the comparisons were made
 * @param lines by kind, by model with the largest file of a shape first, by workload
 */
public record CompareSummary(
    int schema, String measurement, List<String> runs, List<SummaryLine> lines) {
  public static final String STEM = "compare-summary";

  private static final int SCHEMA = 1;
  private static final long LARGE = 1_000_000_000;

  /** The type that types of fewer bits are held to, and those. */
  private static final String MORE_BITS = "-Q4_K";

  private static final List<String> FEWER_BITS = List.of("-Q3_K", "-Q2_K");

  /** What a line compares. */
  public enum Kind {
    /** Speed with llama.cpp's, tokens per second. */
    LLAMA_CPP,
    /** What decode reads with what the read loop does, GB/s. */
    READ_LOOP,
    /** Decode of a type with that of Q4_K, from another run, tokens per second. */
    FEWER_BITS
  }

  /** How near a ratio came to its goal. */
  public enum Reached {
    YES,
    /** Not below what no single result may be below. */
    ALMOST,
    NO
  }

  /**
   * A ratio to be reached.
   *
   * @param least what a single result may be at the least
   */
  public record Goal(double ratio, double least) {
    static final Goal DECODE = new Goal(1, 0.95);
    static final Goal PREFILL = new Goal(1.2, 1.2);
    static final Goal READ_LOOP = new Goal(0.8, 0.8);
    static final Goal FEWER_BITS = new Goal(1, 1);

    Reached judge(double value) {
      return value >= ratio ? Reached.YES : value >= least ? Reached.ALMOST : Reached.NO;
    }
  }

  /**
   * One workload of one model.
   *
   * @param result name of its file without {@code .json}
   * @param ours Foregate's, in the kind's unit
   * @param other what it is compared with
   * @param ratio ours over the other; of two runs there are no pairs, but the one of medians
   * @param goal {@code null}, like {@code reached}, for small models
   */
  public record SummaryLine(
      Kind kind,
      String result,
      String test,
      double ours,
      double other,
      Report.Ratio ratio,
      Goal goal,
      Reached reached) {

    private static SummaryLine of(
        Kind kind, Report report, String test, double ours, double other, Report.Ratio ratio) {
      Optional<Goal> goal =
          report.model().bytes() >= LARGE ? Optional.of(goal(kind, test)) : Optional.empty();
      return new SummaryLine(
          kind,
          report.stem(),
          test,
          ours,
          other,
          ratio,
          goal.orElse(null),
          goal.map(g -> g.judge(ratio.ofMedians())).orElse(null));
    }

    private static Goal goal(Kind kind, String test) {
      return switch (kind) {
        case LLAMA_CPP -> test.startsWith("pp") ? Goal.PREFILL : Goal.DECODE;
        case READ_LOOP -> Goal.READ_LOOP;
        case FEWER_BITS -> Goal.FEWER_BITS;
      };
    }
  }

  /**
   * Writes the summary anew.
   *
   * @param args folder of the comparisons' files, where the summary goes too
   */
  public static void main(String[] args) throws IOException {
    write(Path.of(args[0]));
  }

  /** Writes the summary beside the files that it is made from. */
  public static void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    CompareSummary summary = of(reports(folder));
    Files.writeString(folder.resolve(STEM + ".json"), ResultJson.of(summary) + "\n");
    Files.writeString(folder.resolve(STEM + ".md"), summary.markdown());
  }

  /** The comparisons in a folder. */
  static List<Report> reports(Path folder) throws IOException {
    List<Report> reports = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.matches("compare-.*\\.json") && !name.equals(STEM + ".json")) {
          reports.add(ResultJson.parse(Files.readString(file), Report.class));
        }
      }
    }
    return reports;
  }

  static CompareSummary of(List<Report> reports) {
    List<Report> sorted =
        reports.stream()
            .sorted(
                Comparator.comparing(CompareSummary::shape)
                    .reversed()
                    .thenComparingLong(report -> -report.model().bytes())
                    .thenComparing(Report::stem))
            .toList();
    List<SummaryLine> lines = new ArrayList<>();
    sorted.forEach(report -> besideLlama(report).forEach(lines::add));
    sorted.forEach(report -> besideLoop(report).forEach(lines::add));
    sorted.forEach(report -> besideMoreBits(report, sorted).forEach(lines::add));
    List<String> runs = sorted.stream().map(CompareSummary::run).distinct().toList();
    return new CompareSummary(SCHEMA, "summary of comparisons with llama.cpp", runs, lines);
  }

  /** As tables. */
  public String markdown() {
    return SummaryMarkdown.of(this);
  }

  /** Of those that there are goals for. */
  public long goals() {
    return lines.stream().filter(line -> line.goal() != null).count();
  }

  /** Of all goals. */
  public long reached() {
    return lines.stream().filter(line -> line.reached() == Reached.YES).count();
  }

  private static String run(Report report) {
    return "%s, %d threads, commit %s, %s"
        .formatted(
            report.machine().cpu(),
            report.settings().threads(),
            report.commit(),
            report.versions().kernels());
  }

  private static String shape(Report report) {
    return report.stem().replaceFirst("-[A-Z0-9_]+(-d[0-9-]+)?$", "");
  }

  private static Stream<SummaryLine> besideLlama(Report report) {
    return report.results().stream()
        .map(
            r ->
                SummaryLine.of(
                    Kind.LLAMA_CPP,
                    report,
                    r.test(),
                    r.foregateTokensPerSecond(),
                    r.llamaCppTokensPerSecond(),
                    r.ratio()));
  }

  private static Stream<SummaryLine> besideLoop(Report report) {
    return report.results().stream()
        .filter(r -> r.bandwidth() != null)
        .map(
            r ->
                SummaryLine.of(
                    Kind.READ_LOOP,
                    report,
                    r.test(),
                    r.bandwidth().foregateGbps(),
                    r.bandwidth().readLoopGbps(),
                    overLoop(r)));
  }

  /** Speeds of single pairs of a decode and the loop. */
  private static Report.Ratio overLoop(Report.Result r) {
    Report.LoopSamples loop = r.bandwidth().samples();
    double[] shares =
        IntStream.range(0, r.foregateNs().size())
            .mapToDouble(
                i ->
                    (double) r.tokens()
                        * loop.bytesPerToken()
                        / r.foregateNs().get(i)
                        * loop.readLoopNs().get(i)
                        / loop.readLoopBytes())
            .sorted()
            .toArray();
    return new Report.Ratio(r.bandwidth().foregateShare(), shares[0], shares[shares.length - 1]);
  }

  private static Stream<SummaryLine> besideMoreBits(Report report, List<Report> all) {
    return FEWER_BITS.stream()
        .filter(report.stem()::contains)
        .map(bits -> report.stem().replace(bits, MORE_BITS))
        .flatMap(stem -> all.stream().filter(other -> other.stem().equals(stem)))
        .flatMap(other -> besideMoreBits(report, other));
  }

  private static Stream<SummaryLine> besideMoreBits(Report report, Report other) {
    return report.results().stream()
        .filter(r -> r.test().startsWith("tg"))
        .flatMap(
            r ->
                other.results().stream()
                    .filter(o -> o.test().equals(r.test()))
                    .map(o -> besideMoreBits(report, r, o)));
  }

  private static SummaryLine besideMoreBits(Report report, Report.Result r, Report.Result other) {
    double ours = r.foregateTokensPerSecond();
    double theirs = other.foregateTokensPerSecond();
    double ratio = ours / theirs;
    return SummaryLine.of(
        Kind.FEWER_BITS, report, r.test(), ours, theirs, new Report.Ratio(ratio, ratio, ratio));
  }
}
