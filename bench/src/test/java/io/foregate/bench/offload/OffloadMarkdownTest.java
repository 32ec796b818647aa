package io.foregate.bench.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.engine.Machine;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.state.ScheduleStatistics;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OffloadMarkdownTest {
  private static final ScheduleStatistics STATISTICS =
      new ScheduleStatistics(
          10, 120, 60, 30, 10, 0, 50, 500, 10, 30, 1000, 200, 100, 250, 0, 0, 40, 0, 0, 0);

  @Test
  void everyCellIsShownAndNoneIsFlattered() {
    String text =
        new OffloadMarkdown(
                List.of(cell("Q4_K", 0.5, 1.0), cell("Q4_K", 0.9, 3.0)),
                List.of(cell("Q4_K", 0.5, 1)))
            .toString();
    assertThat(text)
        .contains("| Q4_K | 2 | 1 | +100.0 % of at most -100.0 % (c 0.50) | +100.0 % | 1 | 1 |")
        .contains("2.00 (2.00-2.00)")
        .contains("0.67 (0.67-0.67)")
        .contains("| 0.60 | 0.30 | 0.10 |")
        .contains("0 of 8 speeds are within 15 %", "error is 20.0 %");
  }

  /** Lookahead takes {@code factor} times 50 ns where lru and the others take 100. */
  private static OffloadCell cell(String type, double copyShare, double factor) {
    return new OffloadCell(
        OffloadCell.SCHEMA,
        OffloadCell.MEASUREMENT,
        false,
        "2026-01-01T00:00:00Z",
        "0123456789abcdef",
        Machine.here(),
        0,
        new OffloadCell.Model(type, 12, 8, 2, 10),
        new OffloadCell.Trace("t", "0", 100),
        new OffloadCell.CellSettings("25%", 24, 1, 8, 20),
        new Profile("p", "p", Profile.MEASURED, 0, 0, 10, 1, 0, 1, 1, 0, 1, 0, 1, 1, List.of()),
        copyShare,
        1,
        result("resident", 20),
        Stream.of("lru", "mixtral-offloading", "oracle", "lookahead")
            .map(name -> result(name, name.equals("lookahead") ? Math.round(50 * factor) : 100))
            .toList());
  }

  private static OffloadCell.PolicyResult result(String policy, long nanos) {
    return new OffloadCell.PolicyResult(
        policy,
        policy.startsWith("mixtral") ? 2 : 0,
        List.of(nanos, nanos, nanos),
        1e9 / nanos,
        List.of(STATISTICS),
        List.of(nanos),
        1.2e9 / nanos);
  }
}
