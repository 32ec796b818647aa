package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.bench.compare.GrowthResult.GrowthSample;
import io.foregate.bench.compare.GrowthSweep.GrowthBase;
import io.foregate.bench.compare.GrowthSweep.GrowthPoint;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.SyntheticModel;
import io.foregate.bench.measure.SyntheticModel.ExpertSizes;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.engine.Machine;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GrowthTest {
  private static final SyntheticModel FINE = SyntheticModel.fine(GgmlType.Q4_K);
  private static final GrowthBase BASE = new GrowthBase(FINE, 6, 16);

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void sizesGrowFromPointToPoint(GrowthSweep sweep) {
    List<GrowthPoint> points = sweep.points(BASE);
    assertThat(points).hasSizeGreaterThan(2);
    assertThat(points).extracting(GrowthPoint::size).isSorted().doesNotHaveDuplicates();
    assertThat(GrowthSweep.named(sweep.id())).isEqualTo(sweep);
  }

  @Test
  void onlyWhatIsNamedGrows() {
    assertThat(GrowthSweep.CONTEXT.points(BASE))
        .allSatisfy(p -> assertThat(p.workload()).isEqualTo(TimedFeed.decode(16, p.size())))
        .allSatisfy(p -> assertThat(p.model()).isEqualTo(FINE));
    assertThat(GrowthSweep.CONTEXT.points(BASE).getLast().size()).isEqualTo(32768);
    assertThat(GrowthSweep.EXPERTS.points(BASE))
        .allSatisfy(p -> assertThat(experts(p)).isEqualTo(new ExpertSizes(p.size(), 8, 768)));
    assertThat(GrowthSweep.TOP_K.points(BASE))
        .allSatisfy(p -> assertThat(experts(p)).isEqualTo(new ExpertSizes(128, p.size(), 768)));
    assertThat(GrowthSweep.THREADS.points(BASE))
        .extracting(GrowthPoint::threads)
        .containsExactly(1, 2, 4, 6);
    assertThat(GrowthSweep.BATCH.points(BASE))
        .allSatisfy(p -> assertThat(p.workload()).isEqualTo(TimedFeed.prefill(p.size(), 0)));
  }

  private static ExpertSizes experts(GrowthPoint point) {
    assertThat(point.model().withExperts(FINE.experts())).isEqualTo(FINE);
    return point.model().experts();
  }

  /** A token uses no more experts than there are. */
  @Test
  void aSmallModelHasFewerPoints() {
    var base = new GrowthBase(SyntheticModel.small(GgmlType.Q4_K), 1, 4);
    assertThat(GrowthSweep.TOP_K.points(base))
        .extracting(GrowthPoint::size)
        .containsExactly(1, 2, 4, 8);
    assertThat(GrowthSweep.THREADS.points(base)).extracting(GrowthPoint::size).containsExactly(1);
  }

  @Test
  void saysWhatThereIsToGrow() {
    assertThatThrownBy(() -> GrowthSweep.named("width"))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e ->
                assertThat(e.hint())
                    .isEqualTo("There are: context, experts, top-k, threads, batch."))
        .hasMessageContaining("width");
  }

  @Test
  void aSweepTakesThePlaceOfAnEarlierOne() throws IOException {
    result(GrowthSweep.THREADS, 100).write(folder);
    result(GrowthSweep.CONTEXT, 100).write(folder);
    result(GrowthSweep.THREADS, 50).write(folder);
    assertThat(GrowthResult.read(folder))
        .containsExactly(result(GrowthSweep.CONTEXT, 100), result(GrowthSweep.THREADS, 50));
  }

  @Test
  void theReportIsMadeOfTheFile() throws IOException {
    result(GrowthSweep.CONTEXT, 100).write(folder);
    result(GrowthSweep.BATCH, 50).write(folder);
    GrowthMarkdown.write(folder);
    assertThat(folder.resolve("README.md"))
        .content()
        .contains(
            "## Decode against tokens of context",
            "![Prefill against tokens of a prefill](batch.svg)")
        // 10 tokens in 100 ns, of 5 bytes each, and a loop that reads 2 bytes a nanosecond
        .contains("| 1 | 100000000.0 | 200000000.0 | 0.50 | 0.50 to 0.50 | 400000000.0 |");
    assertThat(folder.resolve("context.svg")).content().contains("the memory's limit");
    assertThat(folder.resolve("batch.svg")).content().doesNotContain("the memory's limit");
  }

  @Test
  void findsWhatBecameOfTheSpeed() {
    assertThat(result(GrowthSweep.TOP_K, 100).finding()).isEqualTo("top-k (1 to 4: 0.25)");
  }

  @Test
  void aPrefillHasNoLimit() {
    Report.Result prefill =
        Report.Result.of(
            TimedFeed.prefill(1, 0), new long[] {1}, new long[] {1}, 0, 0, Optional.empty());
    assertThat(new GrowthSample(1, prefill).limit()).isNaN();
    assertThat(result(GrowthSweep.CONTEXT, 1).points().getFirst().limit())
        .isCloseTo(4e8, within(1e-3));
  }

  /** Two sizes, 1 and 4; the second takes four times as long. */
  private static GrowthResult result(GrowthSweep sweep, long nanos) {
    return new GrowthResult(
        GrowthResult.SCHEMA,
        sweep.id(),
        "",
        "abc",
        new Machine("a CPU", 2, 0, "", ""),
        0,
        new Report.Versions("", "scalar", "", ""),
        "a model",
        new Report.RunSettings(2, 1, 0, "F16"),
        List.of(sample(1, nanos), sample(4, 4 * nanos)));
  }

  private static GrowthSample sample(int size, long nanos) {
    return new GrowthSample(
        size,
        Report.Result.of(
            TimedFeed.decode(10, 0),
            new long[] {nanos},
            new long[] {nanos / 2},
            0,
            0,
            Optional.of(new Report.LoopSamples(5, 200, List.of(100L)))));
  }
}
