package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.schedule.state.Timings;
import org.junit.jupiter.api.Test;

/** The order of the policies on made-up routing: a sanity check, no measurement. */
class PolicyComparisonTest {
  private static final ExpertGrid GRID = new ExpertGrid(12, 8, 2);
  private static final double[] GATES = {0.85, 0.78, 0.72, 0.67};
  private static final double[] PERFECT = {1, 1, 1, 1};

  static double run(Policy policy, double[] recall, int slots, long copy) {
    return run(policy, recall, slots, copy, 1_000_000, 300_000);
  }

  static double run(
      Policy policy, double[] recall, int slots, long copy, long expert, long attention) {
    Scheduler scheduler =
        new Scheduler(
            GRID,
            policy,
            slots,
            TestBytes.perLayer(GRID),
            1,
            Timings.UNKNOWN,
            ScheduleListener.NONE);
    VirtualRun run = new VirtualRun(scheduler, copy, expert, attention, () -> {});
    return run.decode(new Routes(GRID, 600, 7), recall, 100);
  }

  @Test
  void goodGatesBeatTheBaselines() {
    double lru = run(Policy.lru(), new double[0], 48, 3_000_000);
    double mixtral = run(Policy.mixtralOffloading(), new double[] {0.77}, 48, 3_000_000);
    double lookahead = run(Policy.lookahead(), GATES, 48, 3_000_000);
    double oracle = run(Policy.oracle(), PERFECT, 48, 3_000_000);
    double resident = run(Policy.resident(), new double[0], 96, 3_000_000);
    assertThat(lookahead).isLessThan(lru / 1.3).isLessThan(mixtral / 1.1);
    assertThat(oracle).isLessThan(lookahead);
    assertThat(resident).isLessThan(oracle);
  }

  private static ScheduleStatistics statistics(Policy policy, double[] recall, long copy) {
    var grid = new ExpertGrid(12, 8, 4);
    long[] bytes = TestBytes.perLayer(grid);
    var scheduler =
        new Scheduler(grid, policy, 64, bytes, 1, Timings.UNKNOWN, ScheduleListener.NONE);
    var run = new VirtualRun(scheduler, copy, 1_000_000, 300_000, () -> {});
    run.decode(new Routes(grid, 600, 7), recall, 0);
    return scheduler.statistics();
  }

  @Test
  void guessesThatNoStallPaysForAreNotCopied() {
    // A copy takes less than an expert that is there, and most of four are.
    ScheduleStatistics lru = statistics(Policy.lru(), new double[0], 800_000);
    ScheduleStatistics lookahead = statistics(Policy.lookahead(), GATES, 800_000);
    assertThat(lookahead.copiedBytes()).isLessThan(lru.copiedBytes());
    assertThat(lookahead.stallNanos()).isLessThan(lru.stallNanos() / 2);
    // Where it takes as long as all of them, stalls pay for guesses.
    ScheduleStatistics slow = statistics(Policy.lookahead(), GATES, 4_000_000);
    assertThat(slow.speculativeCopies()).isGreaterThan(2 * slow.demandCopies());
  }
}
