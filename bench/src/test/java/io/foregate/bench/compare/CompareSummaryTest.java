package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.bench.compare.CompareSummary.Kind;
import io.foregate.bench.compare.CompareSummary.Reached;
import io.foregate.bench.compare.CompareSummary.SummaryLine;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultJson;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareSummaryTest {
  private static final long LARGE = 1_000_000_000;

  @TempDir private Path folder;

  @Test
  void goalsAreOfLargeModels() {
    CompareSummary summary =
        CompareSummary.of(
            List.of(
                report("small-Q4_K.gguf", LARGE - 1, decode(100, 200)),
                report("large-Q4_K.gguf", LARGE, decode(100, 200))));
    assertThat(summary.lines())
        .filteredOn(line -> line.goal() != null)
        .extracting(SummaryLine::result)
        .containsExactly("compare-large-Q4_K");
    assertThat(summary.goals()).isEqualTo(1);
  }

  @Test
  void decodeIsToBeAsFastAndPrefillAFifthFaster() {
    assertThat(reached(decode(100, 100))).isEqualTo(Reached.YES);
    assertThat(reached(decode(100, 96))).isEqualTo(Reached.ALMOST);
    assertThat(reached(decode(100, 94))).isEqualTo(Reached.NO);
    assertThat(reached(prefill(100, 121))).isEqualTo(Reached.YES);
    assertThat(reached(prefill(100, 119))).isEqualTo(Reached.NO);
  }

  @Test
  void aDepthIsALineOfItsOwn() {
    CompareSummary summary =
        CompareSummary.of(
            List.of(
                report(
                    "large-Q4_K.gguf",
                    LARGE,
                    result(TimedFeed.decode(1, 8192), 10, 30),
                    result(TimedFeed.decode(1, 32768), 10, 20))));
    assertThat(summary.lines())
        .extracting(SummaryLine::test)
        .contains("tg1 @ d8192", "tg1 @ d32768");
    assertThat(summary.lines())
        .extracting(SummaryLine::result)
        .containsOnly("compare-large-Q4_K-d8192-32768");
  }

  /** 400 bytes a token; a token takes 100 ns, and the loop 8 bytes a nanosecond. */
  @Test
  void decodeIsToReachFourFifthsOfTheReadLoop() {
    var loop = new Report.LoopSamples(400, 800, List.of(100L, 50L, 200L));
    Report.Result result =
        Report.Result.of(
            TimedFeed.decode(1, 0),
            new long[] {100, 100, 100},
            new long[] {100, 100, 100},
            0,
            0,
            Optional.of(loop));
    SummaryLine line =
        CompareSummary.of(List.of(report("large-Q4_K.gguf", LARGE, result))).lines().stream()
            .filter(l -> l.kind() == Kind.READ_LOOP)
            .findFirst()
            .orElseThrow();
    assertThat(line.ours()).isCloseTo(4, within(1e-9));
    assertThat(line.other()).isCloseTo(8, within(1e-9));
    assertThat(line.ratio().ofMedians()).isCloseTo(0.5, within(1e-9));
    assertThat(line.ratio().lowest()).isCloseTo(0.25, within(1e-9));
    assertThat(line.ratio().highest()).isCloseTo(1, within(1e-9));
    assertThat(line.reached()).isEqualTo(Reached.NO);
  }

  @Test
  void fewerBitsAreToBeFasterThanFour() {
    List<SummaryLine> lines =
        CompareSummary.of(
                List.of(
                    report("a-Q4_K.gguf", LARGE, decode(100, 100)),
                    report("a-Q3_K.gguf", LARGE, decode(80, 100)),
                    report("a-Q2_K.gguf", LARGE, decode(125, 100)),
                    report("b-Q2_K.gguf", LARGE, decode(10, 100))))
            .lines()
            .stream()
            .filter(line -> line.kind() == Kind.FEWER_BITS)
            .toList();
    assertThat(lines)
        .extracting(SummaryLine::result)
        .containsExactly("compare-a-Q2_K", "compare-a-Q3_K");
    assertThat(lines.get(0).ratio().ofMedians()).isCloseTo(0.8, within(1e-9));
    assertThat(lines.get(0).reached()).isEqualTo(Reached.NO);
    assertThat(lines.get(1).ratio().ofMedians()).isCloseTo(1.25, within(1e-9));
    assertThat(lines.get(1).reached()).isEqualTo(Reached.YES);
  }

  @Test
  void isMadeOfTheFilesAlone() throws IOException {
    Report report = report("large-Q4_K.gguf", LARGE, decode(100, 200));
    Files.writeString(folder.resolve(report.stem() + ".json"), ResultJson.of(report));
    CompareSummary.write(folder);
    String first = Files.readString(folder.resolve("compare-summary.md"));
    CompareSummary.write(folder); // its own file is none of them
    assertThat(folder.resolve("compare-summary.md")).hasContent(first);
    assertThat(first)
        .contains("- a CPU, 2 threads, commit abc, scalar\n")
        .contains("1 of 1 goals are reached")
        .contains("| [large-Q4_K](compare-large-Q4_K.md) | tg1 | ")
        .contains(" | 2.00 | 2.00 to 2.00 | 1.00 | yes |");
    assertThat(
            ResultJson.parse(
                Files.readString(folder.resolve("compare-summary.json")), CompareSummary.class))
        .isEqualTo(CompareSummary.of(List.of(report)));
  }

  /** The files of the first schema, without depths and bandwidths. */
  @Test
  void readsTheFirstSchema() throws IOException {
    Report report = report("large-Q4_K.gguf", LARGE, decode(100, 200));
    String old =
        ResultJson.of(report)
            .replaceAll("\"(depth|bandwidth)\" : [^,}]+,?", "")
            .replaceAll(",(\\s*})", "$1");
    assertThat(old).doesNotContain("depth", "bandwidth");
    Files.writeString(folder.resolve(report.stem() + ".json"), old);
    assertThat(CompareSummary.reports(folder)).containsExactly(report);
  }

  private static Reached reached(Report.Result result) {
    return CompareSummary.of(List.of(report("large-Q4_K.gguf", LARGE, result)))
        .lines()
        .getFirst()
        .reached();
  }

  private static Report.Result decode(long ours, long theirs) {
    return result(TimedFeed.decode(1, 0), ours, theirs);
  }

  private static Report.Result prefill(long ours, long theirs) {
    return result(TimedFeed.prefill(1, 0), ours, theirs);
  }

  /** Nanoseconds of one sample each. */
  private static Report.Result result(TimedFeed workload, long ours, long theirs) {
    return Report.Result.of(
        workload, new long[] {ours}, new long[] {theirs}, 0, 0, Optional.empty());
  }

  private static Report report(String file, long bytes, Report.Result... results) {
    return new Report(
        Report.SCHEMA,
        "",
        "",
        "abc",
        new Machine("a CPU", 2, 0, "", ""),
        0,
        new Report.Versions("", "scalar", "", ""),
        new Report.ComparedModel(file, file, "", bytes, 0),
        new Report.RunSettings(2, 1, 0, ""),
        "",
        null,
        null,
        Arrays.asList(results));
  }
}
