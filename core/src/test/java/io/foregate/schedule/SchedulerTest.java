package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.schedule.Scheduler.Ready;
import io.foregate.schedule.policy.NoPrefetch;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Failures;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.schedule.state.Timings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The rules, one by one, on a hand-made clock. Four layers of four experts, two of them used. */
class SchedulerTest {
  private static final ExpertGrid GRID = new ExpertGrid(4, 4, 2);
  private static final Timings TIMINGS = new Timings(1_000, 500, 0);

  private Scheduler scheduler;
  private final Wave wave = new Wave(GRID.experts());
  private long now = 1;

  private void open(Policy policy, int slots) {
    scheduler =
        new Scheduler(
            GRID, policy, slots, TestBytes.perLayer(GRID), 1, TIMINGS, ScheduleListener.NONE);
  }

  /** Carries out all copies that are wanted. Returns the experts that were copied, in order. */
  private List<Integer> copyAll() {
    List<Integer> copied = new ArrayList<>();
    CopyOrder order = scheduler.nextCopy(now);
    while (order != null) {
      if (order.from() == 0) {
        copied.add(order.writeBack() ? -order.expert() : order.expert());
      }
      now += 1_000 * order.bytes() / VirtualRun.BYTES;
      scheduler.copyDone(order, now);
      order = scheduler.nextCopy(now);
    }
    return copied;
  }

  /** A layer from its routing to its end, all copies in between. */
  private List<Integer> layer(int layer, int... experts) {
    now += 500;
    scheduler.routed(layer, experts, experts.length / GRID.used(), now);
    List<Integer> copied = new ArrayList<>(copyAll());
    while (scheduler.next(wave, now) == Ready.RUN) {
      now += 500L * wave.count();
      scheduler.release(wave, now);
      copied.addAll(copyAll());
    }
    scheduler.layerDone(layer, now);
    return copied;
  }

  private void token(int a, int b) {
    scheduler.begin(1, now);
    for (int l = 0; l < GRID.layers(); l++) {
      layer(l, a, b);
    }
  }

  /** As {@link #token}, with gates that expect the same experts everywhere, next time as well. */
  private void expectedToken(int a, int b) {
    scheduler.begin(1, now);
    for (int l = 0; l < GRID.layers(); l++) {
      scheduler.predicted(l - 1, sure(GRID.layers(), a, b), GRID.layers(), now);
      layer(l, a, b);
    }
  }

  private static float[] sure(int horizon, int... experts) {
    float[] p = new float[horizon * GRID.experts()];
    for (int j = 0; j < horizon; j++) {
      for (int e : experts) {
        p[j * GRID.experts() + e] = 1;
      }
    }
    return p;
  }

  private List<Integer> resident() {
    return IntStream.range(0, GRID.total()).filter(scheduler::resident).boxed().toList();
  }

  @Test
  void residentExpertsRunFirstAndTheOthersAsTheyCome() {
    open(Policy.lru(), 12);
    scheduler.begin(1, now);
    layer(0, 0, 1);
    scheduler.begin(1, now);
    scheduler.routed(0, new int[] {2, 1}, 1, now);
    CopyOrder order = scheduler.nextCopy(now);
    assertThat(order.expert()).isEqualTo(2);
    assertThat(scheduler.next(wave, now)).isEqualTo(Ready.RUN);
    assertThat(Arrays.copyOf(wave.experts(), wave.count())).containsExactly(1);
    scheduler.release(wave, now + 500);
    assertThat(scheduler.next(wave, now + 500)).isEqualTo(Ready.WAIT);
    scheduler.copyDone(order, now + 1_000);
    assertThat(scheduler.next(wave, now + 1_000)).isEqualTo(Ready.RUN);
    assertThat(wave.experts()[0]).isEqualTo(2);
    scheduler.release(wave, now + 1_500);
    assertThat(scheduler.next(wave, now + 1_500)).isEqualTo(Ready.FINISHED);
    ScheduleStatistics done = scheduler.statistics();
    assertThat(done.hits()).isEqualTo(1);
    assertThat(done.misses()).isEqualTo(3);
    assertThat(done.stallNanos()).isEqualTo(500);
  }

  @Test
  void lruKeepsEachLayersShareAndStagesWithinTheBudget() {
    open(Policy.lru(), 4 + 4 * 2 + 1); // the layers have 3, 2, 2, 2
    token(0, 1);
    token(2, 3);
    assertThat(resident()).containsExactly(1, 2, 3, 6, 7, 10, 11, 14, 15);
    scheduler.begin(1, now);
    assertThat(layer(0, 1, 2)).isEmpty();
    assertThat(layer(1, 2, 0)).containsExactly(4);
    assertThat(resident()).containsExactly(1, 2, 3, 4, 6, 10, 11, 14, 15);
  }

  @Test
  void asPublishedEachEvictedExpertIsCopiedBack() {
    open(Policy.lruAsPublished(), 4 + 4 * 2);
    token(0, 1);
    scheduler.begin(1, now);
    assertThat(layer(1, 2, 3)).containsExactly(6, -4, 7, -5);
    assertThat(scheduler.statistics().writeBacks()).isEqualTo(2);
  }

  @Test
  void onDemandCopiesEveryUse() {
    open(Policy.onDemand(), 4);
    token(0, 1);
    token(0, 1);
    assertThat(resident()).isEmpty();
    assertThat(scheduler.statistics().demandCopies()).isEqualTo(16);
  }

  @Test
  void mixtralOffloadingPrefetchesTheNextLayerOnceThisOneHasItsExperts() {
    open(Policy.mixtralOffloading(), 4 + 4 * 2);
    token(0, 1);
    scheduler.begin(1, now);
    scheduler.predicted(0, sure(1, 2, 3), 1, now);
    scheduler.routed(0, new int[] {0, 3}, 1, now);
    CopyOrder order = scheduler.nextCopy(now);
    assertThat(order.expert()).isEqualTo(3);
    assertThat(order.speculative()).isFalse();
    scheduler.copyDone(order, now);
    assertThat(copyAll()).containsExactly(6, 7);
    assertThat(resident()).as("staged beside the layer's own").contains(4, 5, 6, 7);
    assertThat(scheduler.next(wave, now)).isEqualTo(Ready.RUN);
    scheduler.release(wave, now);
    scheduler.layerDone(0, now);
    assertThat(layer(1, 2, 1)).isEmpty();
    assertThat(resident()).as("promoted by use, the unused one still staged").contains(5, 6, 7);
    assertThat(resident()).doesNotContain(4);
  }

  @Test
  void gatesAreFollowedAcrossTheTokenBoundary() {
    open(Policy.lookahead(), 10);
    token(0, 1);
    scheduler.begin(1, now);
    layer(0, 0, 1);
    layer(1, 0, 1);
    layer(2, 0, 1);
    scheduler.predicted(3, sure(2, 2, 3), 2, now);
    List<Integer> copied = layer(3, 0, 1);
    assertThat(copied).contains(2, 3, 6, 7);
    assertThat(resident()).contains(2, 3, 6, 7);
  }

  @Test
  void aMissingExpertGoesBeforeTheRestOfAPrefetch() {
    open(Policy.lookahead(), 8);
    expectedToken(0, 1);
    scheduler.begin(1, now);
    scheduler.predicted(-1, sure(2, 0, 1), 2, now);
    scheduler.predicted(0, sure(2, 3), 2, now);
    CopyOrder prefetch = scheduler.nextCopy(now);
    int prefetched = prefetch.expert();
    assertThat(prefetched).isEqualTo(7);
    long part = prefetch.bytes();
    assertThat(part).isLessThan(VirtualRun.BYTES);
    scheduler.routed(0, new int[] {0, 2}, 1, now);
    assertThat(scheduler.nextCopy(now)).as("the link is busy").isNull();
    scheduler.copyDone(prefetch, now += 100);
    assertThat(scheduler.resident(prefetched)).isFalse();
    CopyOrder demand = scheduler.nextCopy(now);
    assertThat(demand.expert()).isEqualTo(2);
    assertThat(demand.bytes()).isEqualTo(VirtualRun.BYTES);
    scheduler.copyDone(demand, now += 1_000);
    CopyOrder rest = scheduler.nextCopy(now);
    assertThat(rest.expert()).isEqualTo(prefetched);
    assertThat(rest.from()).isEqualTo(part);
  }

  @Test
  void aPrefetchThatFallsDueIsCopiedToItsEndAtOnce() {
    open(Policy.lookahead(), 8);
    expectedToken(0, 1);
    scheduler.begin(1, now);
    scheduler.predicted(-1, sure(4, 0, 1), 4, now);
    layer(0, 0, 1);
    scheduler.predicted(0, sure(1, 3), 1, now);
    CopyOrder prefetch = scheduler.nextCopy(now);
    assertThat(prefetch.expert()).isEqualTo(7);
    long part = prefetch.bytes();
    scheduler.routed(1, new int[] {0, 3}, 1, now);
    scheduler.copyDone(prefetch, now += 100);
    CopyOrder rest = scheduler.nextCopy(now);
    assertThat(rest.expert()).isEqualTo(7);
    assertThat(rest.bytes()).isEqualTo(VirtualRun.BYTES - part);
    assertThat(scheduler.statistics().lates()).isEqualTo(1);
  }

  @Test
  void whatGatesExpectIsNotEvictedForAPrefetch() {
    open(Policy.lookahead(), 8);
    token(0, 1);
    scheduler.begin(1, now);
    List<Integer> expected = resident();
    float[] likely = new float[GRID.total()];
    Arrays.fill(likely, 0.9f);
    scheduler.predicted(-1, likely, 4, now);
    assertThat(copyAll()).isEmpty();
    assertThat(resident()).isEqualTo(expected);
  }

  @Test
  void requestsWhoseLayerCameAreCancelled() {
    open(Policy.lookahead(), 10);
    scheduler.begin(1, now);
    scheduler.predicted(-1, sure(1, 0, 1, 2, 3), 1, now);
    scheduler.routed(0, new int[] {0, 1}, 1, now);
    assertThat(scheduler.statistics().cancelledRequests()).isEqualTo(2);
  }

  @Test
  void requestsThatBecameUnlikelyAreCancelled() {
    open(Policy.lookahead(), 10);
    scheduler.begin(1, now);
    scheduler.predicted(-1, sure(2, 0, 1), 2, now);
    scheduler.predicted(0, sure(1, 1, 2), 1, now);
    assertThat(scheduler.statistics().cancelledRequests()).isEqualTo(1);
  }

  @Test
  void freeSlotsAreFilledBeforeAnythingIsEvicted() {
    open(Policy.lookahead(), 12);
    token(0, 1);
    scheduler.begin(1, now);
    for (int l = 0; l < 4; l++) {
      scheduler.predicted(l, sure(3, 2, 3), 3, now);
      layer(l, 2, 3);
    }
    assertThat(resident()).hasSize(12);
  }

  @Test
  void prefillCopiesEachExpertOnceEvenWithRoomForOneTokenOnly() {
    open(Policy.lookahead(), GRID.used());
    scheduler.begin(6, now);
    for (int l = 0; l < 4; l++) {
      List<Integer> copied = layer(l, 0, 1, 0, 2, 0, 1, 3, 0, 1, 0, 0, 2);
      assertThat(copied.subList(0, 2)).as("in order of tokens served").isSubsetOf(due(l));
    }
    ScheduleStatistics done = scheduler.statistics();
    assertThat(done.hits() + done.lates() + done.misses()).isEqualTo(16);
    assertThat(done.copiedBytes()).isLessThanOrEqualTo(20 * VirtualRun.BYTES);
  }

  private static List<Integer> due(int layer) {
    return IntStream.range(0, 4).mapToObj(e -> GRID.id(layer, e)).toList();
  }

  @Test
  void prefillStreamsTheNextLayerWhileThisOneComputes() {
    open(Policy.lookahead(), 8);
    scheduler.begin(6, now);
    int[] all = {0, 1, 0, 2, 0, 1, 3, 0, 1, 0, 0, 2};
    layer(0, all);
    now += 10_000;
    copyAll();
    assertThat(resident()).contains(4, 5, 6, 7);
  }

  @Test
  void aFailedCopyIsTriedAgainAndThenTheComputeThreadIsTold() {
    open(Policy.lru(), 12);
    scheduler.begin(1, now);
    scheduler.routed(0, new int[] {0, 1}, 1, now);
    for (int i = 0; i < Failures.ATTEMPTS; i++) {
      CopyOrder order = scheduler.nextCopy(now);
      assertThat(order.expert()).isEqualTo(0);
      scheduler.copyFailed(order, new IllegalStateException("no bus"), now);
    }
    assertThat(scheduler.nextCopy(now)).isNull();
    assertThatThrownBy(() -> scheduler.next(wave, now))
        .isInstanceOf(ForegateException.class)
        .hasMessage("Expert 0 of layer 0 could not be copied to the device in 3 attempts: no bus");
    scheduler.begin(1, now);
    assertThat(layer(0, 0, 1)).containsExactly(0, 1);
    assertThat(scheduler.statistics().retries()).isEqualTo(2);
  }

  @Test
  void aPrefetchThatFailsTwiceIsLeftUntilItIsDue() {
    open(Policy.lookahead(), 8);
    expectedToken(0, 1);
    scheduler.begin(1, now);
    scheduler.predicted(-1, sure(1, 0, 3), 1, now);
    for (int i = 0; i < 2; i++) {
      CopyOrder order = scheduler.nextCopy(now);
      assertThat(order.expert()).isEqualTo(3);
      scheduler.copyFailed(order, new IllegalStateException("no bus"), now);
    }
    assertThat(copyAll()).doesNotContain(3);
    scheduler.routed(0, new int[] {0, 3}, 1, now);
    assertThat(scheduler.nextCopy(now).expert()).isEqualTo(3);
  }

  @Test
  void hybridComputesAMissingExpertOnTheHostWhenThatIsSooner() {
    Timings fastHost = new Timings(10_000, 500, 2_000);
    scheduler =
        new Scheduler(
            GRID,
            Policy.hybrid().withPrefetch(new NoPrefetch()),
            10,
            TestBytes.perLayer(GRID),
            1,
            fastHost,
            ScheduleListener.NONE);
    scheduler.begin(1, now);
    scheduler.routed(0, new int[] {0, 1}, 1, now);
    assertThat(scheduler.nextCopy(now)).isNull();
    assertThat(scheduler.next(wave, now)).isEqualTo(Ready.RUN);
    assertThat(wave.onHost()).isTrue();
    scheduler.release(wave, now += 2_000);
    assertThat(scheduler.next(wave, now)).isEqualTo(Ready.RUN);
    scheduler.release(wave, now += 2_000);
    assertThat(scheduler.next(wave, now)).isEqualTo(Ready.FINISHED);
    assertThat(scheduler.statistics().hostExperts()).isEqualTo(2);
  }

  @Test
  void whileTheHostComputesTheLinkBringsWhatTheGatesWantNext() {
    Timings fastHost = new Timings(10_000, 500, 2_000);
    scheduler =
        new Scheduler(
            GRID,
            Policy.hybrid(),
            12,
            TestBytes.perLayer(GRID),
            1,
            fastHost,
            ScheduleListener.NONE);
    scheduler.begin(1, now);
    scheduler.routed(0, new int[] {0, 1}, 1, now);
    scheduler.predicted(0, sure(1, 2, 3), 1, now);
    assertThat(scheduler.next(wave, now)).isEqualTo(Ready.RUN);
    assertThat(wave.onHost()).isTrue();
    CopyOrder order = scheduler.nextCopy(now);
    assertThat(order).isNotNull();
    assertThat(order.expert() / GRID.experts()).as("layer of the copy").isEqualTo(1);
    assertThat(order.expert() % GRID.experts()).as("its expert").isIn(2, 3);
  }

  @Test
  void hybridCopiesWhatTheLinkBringsSooner() {
    Timings slowHost = new Timings(1_000, 500, 50_000);
    scheduler =
        new Scheduler(
            GRID,
            Policy.hybrid(),
            10,
            TestBytes.perLayer(GRID),
            1,
            slowHost,
            ScheduleListener.NONE);
    scheduler.begin(1, now);
    scheduler.routed(0, new int[] {0, 1}, 1, now);
    assertThat(scheduler.nextCopy(now).expert()).isEqualTo(0);
    assertThat(scheduler.next(wave, now)).isEqualTo(Ready.WAIT);
  }

  @Test
  void aLayerThatIsNotDoneCannotEnd() {
    open(Policy.lru(), 12);
    scheduler.begin(1, now);
    scheduler.routed(0, new int[] {0, 1}, 1, now);
    assertThatThrownBy(() -> scheduler.layerDone(0, now))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("2 experts wait and 0 run");
  }

  @Test
  void allNamedPoliciesCanBeFound() {
    for (Policy policy : Policy.all()) {
      assertThat(Policy.named(policy.name())).isEqualTo(policy);
      assertThat(Policy.named(policy.name().toUpperCase(Locale.ROOT))).isEqualTo(policy);
    }
    assertThatThrownBy(() -> Policy.named("magic"))
        .hasMessage("There is no policy 'magic'.")
        .isInstanceOf(ForegateException.class);
  }
}
