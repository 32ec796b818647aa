package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.backend.Routing;
import io.foregate.error.ForegateException;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.schedule.state.Timings;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The plan with real threads: right experts, no lost wake-up, no slot used twice at once. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ExpertPlanTest {
  private static final ExpertGrid GRID = new ExpertGrid(6, 8, 2);

  static Stream<Arguments> policiesAndStreams() {
    return Stream.concat(Policy.all().stream(), Stream.of(Policy.named("aligned")))
        .flatMap(
            policy ->
                Stream.of(1, 3)
                    .flatMap(
                        streams ->
                            Stream.of(policy.leastSlots(GRID), GRID.total() / 2)
                                .filter(slots -> slots >= policy.leastSlots(GRID))
                                .map(slots -> Arguments.of(policy, streams, slots))));
  }

  @ParameterizedTest
  @MethodSource("policiesAndStreams")
  void everyExpertRunsFromTheRightSlot(Policy policy, int streams, int slots) {
    try (FakeDevice device = new FakeDevice(GRID, slots);
        ExpertPlan plan = plan(policy, device, streams)) {
      Driver driver = new Driver(plan, device, 42);
      for (int t = 0; t < 300; t++) {
        device.copyMicros = t % 3 == 0 ? 20 : 0;
        driver.token(t % 50 == 49 ? 5 : 1);
      }
      assertThat(device.clashes).hasValue(0);
      ScheduleStatistics done = plan.statistics();
      assertThat(done.hits() + done.lates() + done.misses()).isEqualTo(driver.ran);
    }
  }

  @ParameterizedTest
  @MethodSource("policiesAndStreams")
  void copiesThatFailAreMadeAgain(Policy policy, int streams, int slots) {
    try (FakeDevice device = new FakeDevice(GRID, slots);
        ExpertPlan plan = plan(policy, device, streams)) {
      device.failOneIn = 7;
      Driver driver = new Driver(plan, device, 43);
      int stopped = 0;
      for (int t = 0; t < 300; t++) {
        try {
          driver.token(1);
        } catch (ForegateException e) {
          assertThat(e).hasMessageContaining("could not be copied to the device in 3 attempts");
          stopped++;
        }
      }
      assertThat(device.clashes).hasValue(0);
      assertThat(stopped).isLessThan(150);
      int ended = device.copies.get() / 7 - streams;
      int counted = (int) plan.statistics().failedCopies();
      assertThat(counted).isBetween(ended, device.copies.get() / 7);
    }
  }

  @Test
  void anExpertThatCannotBeCopiedStopsTheBatchAndNotThePlan() {
    try (FakeDevice device = new FakeDevice(GRID, 12);
        ExpertPlan plan = plan(Policy.lookahead(), device, 1)) {
      Driver driver = new Driver(plan, device, 1);
      device.failExpert = GRID.id(2, 5);
      driver.until(2);
      plan.routed(2, routing(5, 6));
      assertThatThrownBy(() -> driver.drain(2))
          .isInstanceOf(ForegateException.class)
          .hasMessage(
              "Expert 5 of layer 2 could not be copied to the device in 3 attempts: planted")
          .hasRootCauseMessage("planted");
      device.failExpert = -1;
      driver.until(2);
      plan.routed(2, routing(5, 6));
      driver.drain(2);
      assertThat(plan.statistics().failedCopies()).isGreaterThanOrEqualTo(3);
    }
  }

  @Test
  void anInterruptIsKeptAndDoesNotLoseTheExpert() {
    try (FakeDevice device = new FakeDevice(GRID, 12);
        ExpertPlan plan = plan(Policy.lru(), device, 1)) {
      Driver driver = new Driver(plan, device, 1);
      device.copyMicros = 20_000;
      plan.begin(1);
      plan.routed(0, routing(1, 2));
      Thread.currentThread().interrupt();
      driver.drain(0);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void copiesAreMadeOnTheDevicesThreadWhichIsFreeAfterwards() throws Exception {
    try (var own = Executors.newSingleThreadExecutor();
        FakeDevice device = new FakeDevice(GRID, 12)) {
      Thread thread = own.submit(Thread::currentThread).get();
      device.own = own;
      try (ExpertPlan plan = plan(Policy.lru(), device, 1)) {
        plan.begin(1);
        plan.routed(0, routing(1, 2));
        new Driver(plan, device, 1).drain(0);
      }
      assertThat(device.copier).isSameAs(thread);
      assertThat(own.submit(Thread::currentThread).get()).isSameAs(thread);
    }
  }

  @Test
  void closingWaitsForTheCopyInFlight() {
    FakeDevice device = new FakeDevice(GRID, 12);
    ExpertPlan plan = plan(Policy.lru(), device, 1);
    device.copyMicros = 50_000;
    plan.begin(1);
    plan.routed(0, routing(1, 2));
    while (device.flying.get() == 0) {
      Thread.onSpinWait();
    }
    plan.close();
    assertThat(device.flying).hasValue(0);
    plan.close();
    device.close();
    assertThatThrownBy(() -> plan.begin(1)).hasMessage("the model has been closed");
  }

  @Test
  void whoeverComputesNextSeesWhatTheOtherLeft() throws InterruptedException {
    try (FakeDevice device = new FakeDevice(GRID, 14);
        ExpertPlan plan = plan(Policy.lookahead(), device, 2)) {
      AtomicBoolean failed = new AtomicBoolean();
      Object turn = new Object();
      List<Thread> sessions =
          Stream.of(1, 3)
              .map(
                  seed ->
                      Thread.ofPlatform()
                          .start(
                              () -> {
                                Driver driver = new Driver(plan, device, seed);
                                for (int t = 0; t < 500 && !failed.get(); t++) {
                                  synchronized (turn) {
                                    try {
                                      driver.token(1);
                                    } catch (Throwable e) {
                                      failed.set(true);
                                    }
                                  }
                                }
                              }))
              .toList();
      for (Thread session : sessions) {
        session.join();
      }
      assertThat(failed).isFalse();
      assertThat(device.clashes).hasValue(0);
    }
  }

  private static ExpertPlan plan(Policy policy, FakeDevice device, int streams) {
    Scheduler scheduler =
        new Scheduler(
            GRID,
            policy,
            device.count(),
            TestBytes.perLayer(GRID),
            streams,
            Timings.UNKNOWN,
            ScheduleListener.NONE);
    return new ExpertPlan(scheduler, device, device, streams);
  }

  private static Routing routing(int... experts) {
    int tokens = experts.length / GRID.used();
    Routing routing = new Routing(tokens, GRID.experts(), GRID.used());
    routing.setTokens(tokens);
    System.arraycopy(experts, 0, routing.ids(), 0, experts.length);
    return routing;
  }

  /** An engine that computes nothing but checks what it is given. */
  private static final class Driver {
    private final ExpertPlan plan;
    private final FakeDevice device;
    private final Random random;
    private final Wave wave = new Wave(GRID.experts());
    private final float[] probabilities = new float[4 * GRID.experts()];
    long ran;

    Driver(ExpertPlan plan, FakeDevice device, long seed) {
      this.plan = plan;
      this.device = device;
      this.random = new Random(seed);
    }

    void token(int tokens) {
      plan.begin(tokens);
      for (int l = 0; l < GRID.layers(); l++) {
        layer(l, tokens);
      }
    }

    /** Begins a token and feeds it up to a layer. */
    void until(int layer) {
      plan.begin(1);
      for (int l = 0; l < layer; l++) {
        layer(l, 1);
      }
    }

    private void layer(int l, int tokens) {
      for (int i = 0; i < probabilities.length; i++) {
        probabilities[i] = random.nextFloat() * random.nextFloat();
      }
      int[] chosen = new int[tokens * GRID.used()];
      for (int t = 0; t < tokens; t++) {
        int[] two = random.ints(0, GRID.experts()).distinct().limit(GRID.used()).toArray();
        System.arraycopy(two, 0, chosen, t * GRID.used(), GRID.used());
      }
      plan.predicted(l, probabilities, 4);
      plan.routed(l, routing(chosen));
      long due = Arrays.stream(chosen).distinct().count();
      assertThat(drain(l)).isEqualTo(due);
      ran += due;
    }

    long drain(int layer) {
      long count = 0;
      while (plan.next(wave)) {
        assertThat(wave.layer()).isEqualTo(layer);
        if (!wave.onHost()) {
          assertThat(device.run(wave)).as("the right experts").isTrue();
        }
        count += wave.count();
        plan.release(wave);
      }
      plan.layerDone(layer);
      return count;
    }
  }
}
