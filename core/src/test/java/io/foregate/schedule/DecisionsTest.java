package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.schedule.state.Timings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds every policy to what it decided when {@code decisions.txt} was recorded: each copy, its
 * slot and its moment, each eviction, each wait, over made-up routing in virtual time. A rule that
 * decides differently is a new rule: then {@code target/decisions.txt}, which this test leaves
 * behind, becomes the recorded one.
 */
class DecisionsTest {
  private static final ExpertGrid GRID = new ExpertGrid(6, 8, 2);
  private static final double[] RECALL = {0.85, 0.78, 0.72, 0.67};
  private static final int[] PROMPT = IntStream.range(0, 20).map(i -> i * i % 7).toArray();

  /** Everything a listener hears, in one number. */
  private static final class Digest implements ScheduleListener {
    private long hash = 1;

    private void add(long... values) {
      hash = 1_000_003 * hash + Arrays.hashCode(values);
    }

    @Override
    public void copied(CopyOrder order, long start, long end, boolean failed) {
      add(1, order.expert(), order.slot(), order.from(), order.bytes(), start, end);
      add(order.writeBack() ? 1 : 0, order.speculative() ? 1 : 0, failed ? 1 : 0);
    }

    @Override
    public void stalled(int layer, long start, long end) {
      add(2, layer, start, end);
    }

    @Override
    public void computed(int layer, int experts, boolean onHost, long start, long end) {
      add(3, layer, experts, onHost ? 1 : 0, start, end);
    }

    @Override
    public void evicted(int expert, int slot, boolean used, long now) {
      add(4, expert, slot, used ? 1 : 0, now);
    }

    @Override
    public void layer(int layer, int tokens, long routed, long end) {
      add(5, layer, tokens, routed, end);
    }
  }

  private static Map<String, Policy> policies() {
    Map<String, Policy> named = new TreeMap<>();
    Stream.concat(Policy.all().stream(), Policy.ablations().stream())
        .forEach(policy -> named.put(policy.name(), policy));
    for (int count : new int[] {1, 3}) {
      named.put("mixtral-offloading-" + count, Policy.mixtralOffloading().withPrefetchCount(count));
    }
    return named;
  }

  private static String line(String name, Policy policy, int slots, int streams, int failEvery) {
    var digest = new Digest();
    var scheduler =
        new Scheduler(
            GRID,
            policy,
            slots,
            TestBytes.perLayer(GRID),
            streams,
            new Timings(3e6, 1e6, 2e6),
            digest);
    var run = new VirtualRun(scheduler, 1_500_000, 1_000_000, 300_000, () -> {});
    run.failEvery(failEvery);
    double[] recall =
        switch (policy.prediction().predictor()) {
          case NONE -> new double[0];
          case NEXT_ROUTER -> new double[] {0.77};
          case UNTRAINED, ALIGNED -> RECALL;
          case ORACLE -> new double[] {1, 1, 1, 1};
        };
    run.decode(new Routes(GRID, 150, 7), recall, 0);
    run.prefill(GRID.layers(), PROMPT, PROMPT.length / GRID.used());
    run.decode(new Routes(GRID, 50, 8), recall, 0);
    ScheduleStatistics s = scheduler.statistics();
    return String.format(
        Locale.ROOT,
        "%s slots=%d streams=%d fail=%d: hits=%d lates=%d misses=%d host=%d copies=%d+%d back=%d"
            + " evictions=%d cancelled=%d wasted=%d end=%d digest=%016x",
        name,
        slots,
        streams,
        failEvery,
        s.hits(),
        s.lates(),
        s.misses(),
        s.hostExperts(),
        s.demandCopies(),
        s.speculativeCopies(),
        s.writeBacks(),
        s.evictions(),
        s.cancelledRequests(),
        s.wastedBytes(),
        run.now,
        digest.hash);
  }

  private static List<String> decisions() {
    return policies().entrySet().stream()
        .flatMap(
            entry ->
                IntStream.of(6, 13, 24, 40, 48)
                    .filter(slots -> slots >= entry.getValue().leastSlots(GRID))
                    .boxed()
                    .flatMap(
                        slots ->
                            Stream.of(
                                line(entry.getKey(), entry.getValue(), slots, 1, 0),
                                line(entry.getKey(), entry.getValue(), slots, 2, 0),
                                line(entry.getKey(), entry.getValue(), slots, 1, 17))))
        .toList();
  }

  @Test
  void everyPolicyDecidesAsItDid() throws IOException {
    try (InputStream recorded = DecisionsTest.class.getResourceAsStream("decisions.txt")) {
      assertThat(recorded).as("decisions.txt").isNotNull();
      List<String> lines =
          new String(recorded.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      List<String> found = decisions();
      Files.write(Files.createDirectories(Path.of("target")).resolve("decisions.txt"), found);
      assertThat(found).containsExactlyElementsOf(lines);
    }
  }
}
