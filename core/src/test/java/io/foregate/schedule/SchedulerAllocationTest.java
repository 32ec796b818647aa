package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Timings;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scheduling allocates nothing, compiled or not. */
class SchedulerAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final ExpertGrid GRID = new ExpertGrid(12, 8, 2);
  private static final int TOKENS = 200;

  @ParameterizedTest
  @ValueSource(strings = {"lru", "lru-as-published", "mixtral-offloading", "lookahead", "hybrid"})
  void aTokenAllocatesNothing(String policy) {
    Scheduler scheduler =
        new Scheduler(
            GRID,
            Policy.named(policy),
            24,
            TestBytes.perLayer(GRID),
            1,
            new Timings(3e6, 1e6, 4e6),
            ScheduleListener.NONE);
    Wave wave = new Wave(GRID.experts());
    float[] probabilities = new float[Policy.HORIZON * GRID.experts()];
    int[] chosen = new int[GRID.used()];
    run(scheduler, wave, probabilities, chosen, 0); // loads what classes are still to be loaded
    run(scheduler, wave, probabilities, chosen, 1);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    run(scheduler, wave, probabilities, chosen, 2);
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isZero();
    assertThat(scheduler.statistics().tokens()).isEqualTo(3 * TOKENS);
  }

  private static void run(
      Scheduler scheduler, Wave wave, float[] probabilities, int[] chosen, int round) {
    long now = round * 1_000_000_000_000L;
    int state = 1;
    for (int t = 0; t < TOKENS; t++) {
      scheduler.begin(1, now);
      for (int l = 0; l < GRID.layers(); l++) {
        state = state * 1103515245 + 12345;
        chosen[0] = (state >> 16) & 7;
        chosen[1] = (chosen[0] + 1 + ((state >> 20) & 3)) & 7;
        probabilities[(state >> 8) & 31] = ((state >> 4) & 255) / 256f;
        scheduler.predicted(l, probabilities, Policy.HORIZON, now);
        scheduler.routed(l, chosen, 1, now += 300_000);
        Scheduler.Ready ready = scheduler.next(wave, now);
        while (ready != Scheduler.Ready.FINISHED) {
          if (ready == Scheduler.Ready.RUN) {
            scheduler.release(wave, now += 1_000_000);
          }
          CopyOrder order = scheduler.nextCopy(now);
          if (order != null) {
            scheduler.copyDone(order, now += 500_000);
          }
          ready = scheduler.next(wave, now);
        }
        scheduler.layerDone(l, now);
      }
    }
  }
}
