package io.foregate.schedule;

import io.foregate.error.ForegateException;

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
  private final Outlook outlook;
  private final Clockwork clockwork;
  private final DueExperts due;
  private final LayerOutlook layers;
  private final Failures failures;
  private final Tally tally;
  private final Requests requests;
  private final Room room;
  private final HostShare hostShare;
  private final Copies copies;
  private final Waves waves;

  /**
   * @param slots slots of device memory; {@link SlotBudget#slots} checks that they suffice
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
    Shared shared = Shared.of(grid, policy, slots, bytes.clone(), timings, listener);
    cache = shared.cache();
    outlook = shared.outlook();
    clockwork = shared.clockwork();
    due = shared.due();
    layers = shared.layers();
    failures = shared.failures();
    tally = shared.tally();
    requests = new Requests(shared);
    hostShare = new HostShare(shared);
    var writeBacks = new WriteBacks(slots);
    var speculation = new Speculation(shared);
    room = new Room(shared, writeBacks);
    copies = new Copies(shared, streams, requests, speculation, room, writeBacks);
    waves = new Waves(shared, speculation, room);
  }

  public ExpertGrid grid() {
    return grid;
  }

  public Policy policy() {
    return policy;
  }

  /** What has been done so far. */
  public ScheduleStatistics statistics() {
    return tally.snapshot();
  }

  /** Whether an expert is in device memory, by number. */
  public boolean resident(int id) {
    return cache.resident(id);
  }

  /** Whether all experts are in device memory for good: predictions are of no use then. */
  public boolean complete() {
    return policy.scope() == Policy.Scope.GLOBAL && cache.complete();
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
    clockwork.begin(tokens, now);
    if (outlook.begin(tokens)) {
      layers.changedAll();
    }
  }

  /**
   * What a predictor says at a layer, or, as layer -1, of the token that is about to begin.
   *
   * @param probabilities {@code [horizon][experts]}: that an expert is used {@code j + 1} layers
   *     further on, the first layer following the last one
   */
  public void predicted(int layer, float[] probabilities, int horizon, long now) {
    int taken = outlook.predicted(layer, probabilities, horizon);
    for (int j = 1; j <= taken; j++) {
      spokenOf((layer + j) % grid.layers());
    }
  }

  private void spokenOf(int layer) {
    layers.changed(layer);
    requests.update(layer);
  }

  /**
   * The router has chosen: these experts are due.
   *
   * @param chosen experts of the layer, {@code [tokens][grid.used]}
   */
  public void routed(int layer, int[] chosen, int tokens, long now) {
    waves.letGo(now);
    clockwork.routed(layer, now);
    due.begin(layer, chosen, tokens * grid.used());
    for (int i = 0; i < due.count(); i++) {
      fallDue(due.id(i));
    }
    outlook.routed(layer, due.served(), tokens);
    spokenOf(layer);
    tally.tokens += layer == 0 ? tokens : 0;
    tally.layers++;
    room.trim(layer, now);
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
        tally.hits++;
        room.markUsed(id);
      }
      case LOADING -> tally.lates++;
      case ABSENT -> tally.misses++;
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
    if (due.toHand() > 0 || due.running() > 0 || layer != clockwork.layer()) {
      throw new IllegalStateException(
          "layer %d is not done: of layer %d, %d experts wait and %d run"
              .formatted(layer, clockwork.layer(), due.toHand(), due.running()));
    }
    listener.layer(layer, clockwork.tokens(), clockwork.routedAt(), now);
    clockwork.layerDone(now);
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
   * A copy has failed. It is tried again, a guess at most once; an expert that is due and cannot be
   * copied makes {@link #next} fail.
   */
  public void copyFailed(CopyOrder order, Throwable cause, long now) {
    copies.failed(order, cause, now);
  }
}
