package io.foregate.schedule;

import io.foregate.error.ForegateException;
import io.foregate.schedule.policy.Candidates;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.policy.SchedulerState;
import io.foregate.schedule.state.CopyWaits;
import io.foregate.schedule.state.CostModel;
import io.foregate.schedule.state.Counters;
import io.foregate.schedule.state.DueExperts;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Failures;
import io.foregate.schedule.state.Forecast;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.schedule.state.Timings;
import io.foregate.schedule.state.TokenClock;
import io.foregate.schedule.state.Usage;

/**
 * Decides which expert is copied when, into which slot, and which are ready to run. It has no
 * threads and no clock: a driver tells it what happens and at what time, and asks it what to do.
 * {@link ExpertPlan} drives it with real threads, the simulator with virtual time; what it answers
 * depends only on what it was told. Not thread-safe. Allocates nothing after construction, unless a
 * copy fails.
 *
 * <p>The order of events, per batch:
 *
 * <pre>
 * begin, then per layer: routed; next and release until next says FINISHED; layerDone
 * </pre>
 *
 * {@link #predicted} may come at any time after {@link #begin}. After each of them, and after the
 * end of a copy, ask {@link #nextCopy} until it gives null: those copies are to be started. Times
 * are nanoseconds from any fixed moment, and must not decrease.
 */
public final class Scheduler {

  /** What {@link #next} says. */
  public enum Ready {
    /** The wave has experts to run. */
    RUN,
    /** Experts are due, but none is ready: ask again when a copy has ended. */
    WAIT,
    /** All experts of the layer were handed out. */
    FINISHED
  }

  private final ExpertGrid grid;
  private final Policy policy;
  private final ScheduleListener listener;
  private final ExpertCache cache;
  private final Usage usage;
  private final Forecast forecast;
  private final TokenClock clock;
  private final CostModel costs;
  private final CopyWaits waits;
  private final long[] bytes;
  private final DueExperts due;
  private final Candidates candidates;
  private final Failures failures;
  private final Counters counters;
  private final Requests requests;
  private final Evictor evictor;
  private final boolean keepsAll;
  private final HostShare hostShare;
  private final Copies copies;
  private final WaveQueue waves;

  /**
   * @param slots slots of device memory; {@link SlotCount#of} checks that they suffice
   * @param bytes bytes of an expert of each layer
   * @param streams copies that may be in flight at once
   */
  public Scheduler(
      ExpertGrid grid,
      Policy policy,
      int slots,
      long[] bytes,
      int streams,
      Timings timings,
      ScheduleListener listener) {
    if (slots < policy.leastSlots(grid) || bytes.length != grid.layers() || streams < 1) {
      throw new IllegalArgumentException(
          "%d slots, %d layers' bytes, %d streams for %s and policy %s, which needs %d slots"
              .formatted(
                  slots, bytes.length, streams, grid, policy.name(), policy.leastSlots(grid)));
    }
    this.grid = grid;
    this.policy = policy;
    this.listener = listener;
    var state = new SchedulerState(grid, policy, slots, bytes, timings);
    cache = state.cache;
    usage = state.usage;
    forecast = state.forecast;
    clock = state.clock;
    costs = state.costs;
    waits = state.waits;
    this.bytes = state.bytes;
    due = state.due;
    candidates = state.candidates;
    failures = state.failures;
    counters = state.counters;
    requests = new Requests(state);
    hostShare = new HostShare(state);
    var writeBacks = new WriteBacks(slots);
    evictor = new Evictor(state, writeBacks, listener);
    keepsAll = evictor.keepsAll();
    copies = new Copies(state, streams, requests, evictor, writeBacks, listener);
    waves = new WaveQueue(state, evictor, listener);
  }

  public ExpertGrid grid() {
    return grid;
  }

  public Policy policy() {
    return policy;
  }

  /** What has been done so far. */
  public ScheduleStatistics statistics() {
    return counters.snapshot();
  }

  /** Whether an expert is in device memory, by number. */
  public boolean resident(int id) {
    return cache.resident(id);
  }

  /** Whether all experts are in device memory for good: predictions are of no use then. */
  public boolean complete() {
    return keepsAll && cache.complete();
  }

  ExpertCache cache() {
    return cache;
  }

  /**
   * A forward pass of that many tokens begins. If the one before was given up midway, what it held
   * is let go: no kernel may be running.
   */
  public void begin(int tokens, long now) {
    waves.letGo(now);
    clock.begin(tokens, now);
    costs.begin();
    waits.begin();
    if (forecast.begin(tokens)) {
      candidates.changedAll();
    }
  }

  /**
   * What a predictor says at a layer, or, as layer -1, of the token that is about to begin.
   *
   * @param probabilities {@code [horizon][experts]}: that an expert is used {@code j + 1} layers
   *     further on, the first layer following the last one
   */
  public void predicted(int layer, float[] probabilities, int horizon, long now) {
    int taken = forecast.predicted(layer, probabilities, horizon);
    for (int j = 1; j <= taken; j++) {
      spokenOf((layer + j) % grid.layers());
    }
  }

  private void spokenOf(int layer) {
    candidates.changed(layer);
    requests.update(layer);
  }

  /**
   * The router has chosen: these experts are due.
   *
   * @param chosen experts of the layer, {@code [tokens][grid.used]}
   */
  public void routed(int layer, int[] chosen, int tokens, long now) {
    waves.letGo(now);
    clock.routed(layer, now);
    due.begin(layer, chosen, tokens * grid.used());
    int brought = 0;
    for (int i = 0; i < due.count(); i++) {
      brought += evictor.costsCopy(due.id(i)) ? 1 : 0;
      fallDue(due.id(i));
    }
    if (tokens == 1) {
      int there = due.count() - brought;
      waits.due(brought, there, costs.copyNanos(bytes[layer]), costs.expertNanos());
    }
    usage.routed(layer, due.served(), tokens);
    forecast.routed(layer);
    spokenOf(layer);
    counters.tokens += layer == 0 ? tokens : 0;
    counters.layers++;
    evictor.trim(layer, now);
    if (policy.hostFallback() && tokens == 1) {
      hostShare.choose(layer, copies.nanosInFlight(now));
    }
  }

  private void fallDue(int id) {
    requests.met(id);
    failures.fallDue(id);
    if (cache.staged(id)) {
      cache.promote(id);
    }
    switch (cache.state(id)) {
      case RESIDENT -> {
        counters.hits++;
        evictor.markUsed(id);
      }
      case LOADING -> counters.lates++;
      case ABSENT -> counters.misses++;
    }
  }

  /**
   * Experts that can run now. They stay where they are until {@link #release}.
   *
   * @throws ForegateException when an expert cannot be had: its copy failed again and again
   */
  public Ready next(Wave wave, long now) {
    return waves.next(wave, now);
  }

  /** The experts of a wave have run. */
  public void release(Wave wave, long now) {
    waves.release(wave, now);
  }

  /** The layer's experts have been combined; the next layer's attention begins. */
  public void layerDone(int layer, long now) {
    if (due.toHand() > 0 || due.running() > 0 || layer != clock.layer()) {
      throw new IllegalStateException(
          "layer %d is not done: of layer %d, %d experts wait and %d run"
              .formatted(layer, clock.layer(), due.toHand(), due.running()));
    }
    listener.layer(layer, clock.tokens(), clock.routedAt(), now);
    clock.layerDone(now);
  }

  /**
   * A copy to start now, or null: all streams are busy, or nothing is worth it. Ask again after
   * every event.
   */
  public CopyOrder nextCopy(long now) {
    return copies.next(now);
  }

  /** A copy has completed: if it was the last of its expert, that can run. */
  public void copyDone(CopyOrder order, long now) {
    copies.done(order, now);
  }

  /**
   * A copy has failed. It is tried again, a prefetch at most once; an expert that is due and cannot
   * be copied makes {@link #next} fail.
   */
  public void copyFailed(CopyOrder order, Throwable cause, long now) {
    copies.failed(order, cause, now);
  }
}
