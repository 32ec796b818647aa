package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Failures;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.schedule.state.Timings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/**
 * Drives schedulers of every policy through random events, failures and abandoned batches among
 * them, and holds them to what must always be true, by books kept independently.
 */
class SchedulerPropertyTest {

  @Provide
  Arbitrary<Policy> policies() {
    List<Policy> all = new ArrayList<>(Policy.all());
    all.addAll(Policy.ablations());
    return Arbitraries.of(all);
  }

  @Provide
  Arbitrary<ExpertGrid> grids() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 6),
            Arbitraries.integers().between(1, 9),
            Arbitraries.integers().between(1, 9))
        .as((layers, experts, used) -> new ExpertGrid(layers, experts, Math.min(used, experts)));
  }

  @Property(tries = 400)
  void whateverHappensTheBooksAgree(
      @ForAll("policies") Policy policy,
      @ForAll("grids") ExpertGrid grid,
      @ForAll @IntRange(min = 0, max = 20) int spare,
      @ForAll @IntRange(min = 1, max = 3) int streams,
      @ForAll long seed) {
    int slots = Math.min(grid.total(), policy.leastSlots(grid) + spare);
    new Books(policy, grid, slots, streams, new Random(seed)).run(30);
  }

  /** What the outside world knows: what was copied where, what runs, what is due. */
  private static final class Books implements ScheduleListener {
    final ExpertGrid grid;
    final Random random;
    final Scheduler scheduler;
    final Wave wave;
    final int[] content;
    final boolean[] writing;
    final boolean[] running;
    final List<CopyOrder> flying = new ArrayList<>();
    final Map<CopyOrder, Integer> target = new HashMap<>();
    long now;
    final int[] failures;

    Books(Policy policy, ExpertGrid grid, int slots, int streams, Random random) {
      this.grid = grid;
      this.random = random;
      scheduler =
          new Scheduler(
              grid,
              policy,
              slots,
              TestBytes.perLayer(grid),
              streams,
              new Timings(100, 10, 50),
              this);
      wave = new Wave(grid.experts());
      content = new int[slots];
      Arrays.fill(content, -1);
      writing = new boolean[slots];
      running = new boolean[slots];
      failures = new int[grid.total()];
    }

    @Override
    public void evicted(int expert, int slot, boolean used, long at) {
      assertThat(running[slot]).as("evicted while it runs").isFalse();
      assertThat(writing[slot]).as("evicted while it loads").isFalse();
      assertThat(content[slot]).isEqualTo(expert);
    }

    void run(int tokens) {
      for (int t = 0; t < tokens; t++) {
        int batch = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : 1;
        scheduler.begin(batch, now);
        predict(-1);
        int layers = random.nextInt(8) == 0 ? random.nextInt(grid.layers()) : grid.layers();
        for (int l = 0; l < layers; l++) {
          layer(l, batch);
        }
      }
      ScheduleStatistics s = scheduler.statistics();
      assertThat(s.hits() + s.lates() + s.misses()).isPositive();
      assertThat(s.usedCopyNanos()).isLessThanOrEqualTo(s.copyNanos());
      assertThat(s.wastedBytes()).isLessThanOrEqualTo(s.copiedBytes());
    }

    void layer(int l, int tokens) {
      tick();
      predict(l);
      int[] chosen = choose(tokens);
      boolean[] open = new boolean[grid.experts()];
      Arrays.stream(chosen).forEach(e -> open[e] = true);
      scheduler.routed(l, chosen, tokens, now);
      dispatch();
      boolean giveUp = random.nextInt(20) == 0;
      Scheduler.Ready ready = scheduler.next(wave, now);
      while (ready != Scheduler.Ready.FINISHED) {
        if (ready == Scheduler.Ready.WAIT) {
          assertThat(flying).as("waits in vain").isNotEmpty();
          land();
        } else {
          runWave(l, open, giveUp);
          if (giveUp) {
            return;
          }
        }
        ready = scheduler.next(wave, now);
      }
      assertThat(open).as("experts that did not run").containsOnly(false);
      scheduler.layerDone(l, now);
      dispatch();
    }

    void runWave(int l, boolean[] open, boolean giveUp) {
      assertThat(wave.layer()).isEqualTo(l);
      assertThat(wave.count()).isPositive();
      for (int i = 0; i < wave.count(); i++) {
        int e = wave.experts()[i];
        assertThat(open[e]).as("handed out twice, or not due").isTrue();
        open[e] = false;
        if (!wave.onHost()) {
          int slot = wave.slots()[i];
          assertThat(content[slot]).isEqualTo(grid.id(l, e));
          assertThat(writing[slot]).isFalse();
          running[slot] = true;
        }
      }
      dispatch();
      tick();
      Arrays.fill(running, false);
      if (!giveUp) {
        scheduler.release(wave, now);
        dispatch();
      }
    }

    void predict(int l) {
      if (random.nextBoolean()) {
        float[] p = new float[Math.min(3, grid.layers()) * grid.experts()];
        for (int i = 0; i < p.length; i++) {
          p[i] = random.nextFloat() * random.nextFloat();
        }
        scheduler.predicted(l, p, Math.min(3, grid.layers()), now);
      }
      dispatch();
    }

    int[] choose(int tokens) {
      int[] chosen = new int[tokens * grid.used()];
      for (int t = 0; t < tokens; t++) {
        int[] picks = random.ints(0, grid.experts()).distinct().limit(grid.used()).toArray();
        System.arraycopy(picks, 0, chosen, t * grid.used(), grid.used());
      }
      return chosen;
    }

    void dispatch() {
      CopyOrder order = scheduler.nextCopy(now);
      while (order != null) {
        assertThat(flying).doesNotContain(order);
        if (!order.writeBack()) {
          assertThat(writing[order.slot()]).as("two copies into one slot").isFalse();
          assertThat(running[order.slot()]).as("copy into a slot in use").isFalse();
          assertThat(target.values()).as("loaded twice at once").doesNotContain(order.expert());
          writing[order.slot()] = true;
          target.put(order, order.expert());
        } else {
          assertThat(content[order.slot()]).isEqualTo(order.expert());
        }
        flying.add(order);
        order = scheduler.nextCopy(now);
      }
    }

    void tick() {
      now += random.nextInt(60);
      while (!flying.isEmpty() && random.nextInt(3) > 0) {
        land();
      }
    }

    void land() {
      now += random.nextInt(100);
      CopyOrder order = flying.remove(random.nextInt(flying.size()));
      if (order.writeBack()) {
        scheduler.copyDone(order, now);
      } else {
        writing[order.slot()] = false;
        target.remove(order);
        int id = order.expert();
        boolean fails = failures[id] < Failures.ATTEMPTS - 1 && random.nextInt(10) == 0;
        failures[id] = fails ? failures[id] + 1 : 0;
        content[order.slot()] = fails ? -1 : id;
        if (fails) {
          scheduler.copyFailed(order, new IllegalStateException("planted"), now);
        } else {
          scheduler.copyDone(order, now);
        }
      }
      dispatch();
    }
  }
}
