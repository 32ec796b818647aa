package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.foregate.backend.Routing;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Timings;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The live driver allocates nothing in steady state, on no thread, compiled or not. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ExpertPlanAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final ExpertGrid GRID = new ExpertGrid(12, 8, 2);
  private static final int ROUNDS = 5;
  private static final int TOKENS = 200;
  private static final int SLOTS = 24;

  private final Wave wave = new Wave(GRID.experts());
  private final Routing routing = new Routing(1, GRID.experts(), GRID.used());
  private final float[] probabilities = new float[Policy.HORIZON * GRID.experts()];
  private int state = 1;

  @ParameterizedTest
  @ValueSource(strings = {"lru", "lru-as-published", "mixtral-offloading", "lookahead", "hybrid"})
  void neitherComputingNorCopyingAllocates(String name) {
    List<Thread> before = copyThreads();
    try (FakeDevice device = new FakeDevice(GRID, SLOTS);
        ExpertPlan plan = plan(Policy.named(name), device)) {
      List<Thread> copiers = copyThreads().stream().filter(t -> !before.contains(t)).toList();
      assertThat(copiers).hasSize(1);
      long copier = copiers.getFirst().threadId();
      routing.setTokens(1);
      long computing = Long.MAX_VALUE;
      long copying = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS; round++) { // the first ones load and link what is used
        long copied = THREADS.getThreadAllocatedBytes(copier);
        long computed = THREADS.getCurrentThreadAllocatedBytes();
        run(plan, device);
        computing = Math.min(computing, THREADS.getCurrentThreadAllocatedBytes() - computed);
        copying = Math.min(copying, THREADS.getThreadAllocatedBytes(copier) - copied);
      }
      assertThat(computing).as("computing").isZero();
      assertThat(copying).as("copying").isZero();
      assertThat(device.copies).hasPositiveValue();
      assertThat(plan.statistics().tokens()).isEqualTo(ROUNDS * TOKENS);
    }
  }

  private static List<Thread> copyThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("foregate-copy-"))
        .toList();
  }

  private static ExpertPlan plan(Policy policy, FakeDevice device) {
    Scheduler scheduler =
        new Scheduler(
            GRID,
            policy,
            SLOTS,
            TestBytes.perLayer(GRID),
            1,
            Timings.UNKNOWN,
            ScheduleListener.NONE);
    return new ExpertPlan(scheduler, device, device, 1);
  }

  private void run(ExpertPlan plan, FakeDevice device) {
    for (int t = 0; t < TOKENS; t++) {
      plan.begin(1);
      for (int l = 0; l < GRID.layers(); l++) {
        choose();
        plan.predicted(l, probabilities, Policy.HORIZON);
        plan.routed(l, routing);
        while (plan.next(wave)) {
          if (!wave.onHost()) {
            device.run(wave);
          }
          plan.release(wave);
        }
        plan.layerDone(l);
      }
    }
  }

  /** Two experts, and gates that say something else every time. */
  private void choose() {
    state = state * 1103515245 + 12345;
    int first = (state >> 16) & 7;
    routing.ids()[0] = first;
    routing.ids()[1] = (first + 1 + ((state >> 20) & 3)) & 7;
    probabilities[(state >> 8) & 31] = ((state >> 4) & 255) / 256f;
  }
}
