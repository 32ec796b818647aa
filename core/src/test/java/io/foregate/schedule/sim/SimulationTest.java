package io.foregate.schedule.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.gate.trace.RandomTraces;
import io.foregate.gate.trace.RoutingTrace;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.CopyOrder;
import io.foregate.schedule.ScheduleListener;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ScheduleStatistics;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SimulationTest {
  private static final double MICROS = 1e-3;
  private static final int TOKEN_WORK =
      2 * (TestProfiles.ATTENTION + TestProfiles.EXPERT) + TestProfiles.HEAD;

  /** Two layers of two experts, one used; the second token uses the other one at layer 1. */
  private static final RoutingTrace TWO_TOKENS =
      RandomTraces.of(2, 1, new int[][][] {{{0}, {1}}, {{0}, {0}}});

  /** Begins and ends of events, in microseconds. */
  private static final class Log implements ScheduleListener {
    final List<String> events = new ArrayList<>();

    @Override
    public void copied(CopyOrder order, long start, long end, boolean failed) {
      add("copy " + order.expert(), start, end);
    }

    @Override
    public void stalled(int layer, long start, long end) {
      add("stall " + layer, start, end);
    }

    @Override
    public void computed(int layer, int experts, boolean onHost, long start, long end) {
      add((onHost ? "host " : "run ") + layer, start, end);
    }

    private void add(String what, long start, long end) {
      events.add("%s %.0f-%.0f".formatted(what, start * MICROS, end * MICROS));
    }
  }

  @Test
  void onDemandTimelineByHand() {
    var log = new Log();
    SimulatedRun run =
        new Simulation(TWO_TOKENS, TestProfiles.copying(100), Policy.onDemand(), 1, log).run(0);
    // Every expert is copied when it is due (100 us), while the device waits.
    assertThat(log.events)
        .containsExactly(
            "copy 0 10-110",
            "stall 0 10-110",
            "run 0 110-115",
            "copy 3 125-225",
            "stall 1 125-225",
            "run 1 225-230",
            "copy 0 247-347",
            "stall 0 247-347",
            "run 0 347-352",
            "copy 2 362-462",
            "stall 1 362-462",
            "run 1 462-467");
    assertThat(run.nanos() * MICROS).isEqualTo(474);
    assertThat(run.computeNanos() * MICROS).isEqualTo(2 * TOKEN_WORK);
    assertThat(run.statistics().misses()).isEqualTo(4);
    assertThat(run.tokensPerSecond()).isCloseTo(2 / 474e-6, within(1e-6));
  }

  @Test
  void warmUpIsNotCounted() {
    SimulatedRun run =
        new Simulation(
                TWO_TOKENS, TestProfiles.copying(100), Policy.onDemand(), 1, ScheduleListener.NONE)
            .run(1);
    assertThat(run.tokens()).isEqualTo(1);
    assertThat(run.nanos() * MICROS).isEqualTo(TOKEN_WORK + 200);
    assertThat(run.statistics().misses()).isEqualTo(2);
  }

  @Test
  void theProcessorWorksWhileTheLinkDoes() {
    // Two experts of one layer missing, 100 us to copy, 40 us on the CPU, 5 on the device.
    RoutingTrace trace = RandomTraces.of(2, 1, new int[][][] {{{0, 1}}, {{0, 1}}});
    var log = new Log();
    Policy policy = Policy.onDemand().withName("test").withHostFallback(true);
    SimulatedRun run = new Simulation(trace, TestProfiles.copying(100), policy, 2, log).run(0);
    // Both on the CPU: 80 us. One copied and one on the CPU: 105.
    assertThat(log.events).startsWith("host 0 10-50", "host 0 50-90");
    assertThat(run.statistics().hostExperts()).isEqualTo(4);
    assertThat(run.statistics().stallNanos()).isZero();
  }

  @Test
  void copiesShareTheLink() {
    RoutingTrace trace = RandomTraces.of(2, 1, new int[][][] {{{0, 1}}});
    var log = new Log();
    new Simulation(trace, TestProfiles.streams(100, 2), Policy.onDemand(), 2, log).run(0);
    // Both start at 10; the second one's bytes (98 us) follow the first one's.
    assertThat(log.events)
        .containsExactly(
            "copy 0 10-110",
            "stall 0 10-110",
            "run 0 110-115",
            "copy 1 10-208",
            "stall 0 115-208",
            "run 0 208-213");
  }

  @Test
  void theOracleHidesWhatFitsBehindComputation() {
    // Copies take no longer than a layer; four slots, six experts.
    int[][][] choices = RandomTraces.choices(200, 4, 3, 1, 1);
    RoutingTrace trace = RandomTraces.of(3, 3, choices);
    Profile profile = TestProfiles.copying(12);
    SimulatedRun oracle =
        new Simulation(trace, profile, Policy.oracle(), 6, ScheduleListener.NONE).run(20);
    SimulatedRun lru =
        new Simulation(trace, profile, Policy.lru(), 6, ScheduleListener.NONE).run(20);
    assertThat(oracle.statistics().stallNanos()).isLessThan(lru.statistics().stallNanos() / 4);
  }

  @Property(tries = 60)
  void nothingIsLost(
      @ForAll @IntRange(min = 0, max = 7) int policyIndex,
      @ForAll @IntRange(min = 6, max = 12) int slots,
      @ForAll @IntRange(min = 3, max = 60) int copyMicros,
      @ForAll @IntRange(min = 1, max = 3) int streams,
      @ForAll long seed) {
    Policy policy = Policy.all().get(policyIndex);
    RoutingTrace trace = RandomTraces.of(4, 2, RandomTraces.choices(40, 3, 4, 2, seed));
    Profile profile = TestProfiles.streams(copyMicros, streams);
    int given = policy.keepsAll() ? 12 : slots;
    SimulatedRun run = new Simulation(trace, profile, policy, given, ScheduleListener.NONE).run(10);
    ScheduleStatistics s = run.statistics();
    assertThat(s.hits() + s.lates() + s.misses()).isEqualTo(30 * 3 * 2);
    assertThat(run.computeNanos() + s.stallNanos()).isEqualTo(run.nanos());
    SimulatedRun again =
        new Simulation(trace, profile, policy, given, ScheduleListener.NONE).run(10);
    assertThat(again).isEqualTo(run);
  }

  @Property(tries = 40)
  void noCacheIsFasterThanTheBound(
      @ForAll @IntRange(min = 6, max = 12) int slots,
      @ForAll @IntRange(min = 3, max = 60) int copyMicros,
      @ForAll long seed) {
    RoutingTrace trace = RandomTraces.of(4, 2, RandomTraces.choices(60, 3, 4, 2, seed));
    var cell = new Cell(trace, TestProfiles.copying(copyMicros), new SlotBudget.Count(slots), 10);
    for (Policy policy : Policy.all()) {
      if (!policy.hostFallback()) {
        // One copy may have begun before counting did.
        double tokens = trace.tokens() - 10.0;
        double atMost = cell.bound(cell.slots(policy)) * (1 + 2 / tokens);
        assertThat(cell.simulate(policy).tokensPerSecond()).isLessThan(atMost);
      }
    }
  }

  @Property(tries = 25)
  void perfectScoresAreAsGoodAsTheOracleAndBetterThanNone(@ForAll long seed) {
    RoutingTrace trace =
        RandomTraces.of(8, Policy.HORIZON, RandomTraces.choices(200, 6, 8, 2, seed));
    var cell = new Cell(trace, TestProfiles.copying(14), new SlotBudget.Percent(50), 40);
    double oracle = cell.simulate(Policy.oracle()).tokensPerSecond();
    assertThat(cell.simulate(Policy.lookahead()).tokensPerSecond())
        .isCloseTo(oracle, within(oracle * 0.001));
    assertThat(oracle).isGreaterThan(cell.simulate(Policy.lru()).tokensPerSecond() * 1.05);
    assertThat(cell.simulate(Policy.resident()).tokensPerSecond()).isGreaterThanOrEqualTo(oracle);
  }

  @Test
  void copyShareByHand() {
    // lru with room for one expert of each of two layers and four staged; layer 1 alternates.
    int[][][] choices = new int[20][2][1];
    for (int t = 0; t < 20; t++) {
      choices[t][1][0] = t % 3;
    }
    RoutingTrace trace = RandomTraces.of(8, 1, choices);
    var cell = new Cell(trace, TestProfiles.copying(100), new SlotBudget.Count(6), 8);
    SimulationResult lru = cell.simulate(Policy.lru());
    double copies = lru.copiesPerToken() * 100;
    assertThat(lru.copyShare()).isCloseTo(copies / (copies + TOKEN_WORK), within(1e-9));
    assertThat(lru.copiesPerToken()).isEqualTo(1);
  }
}
