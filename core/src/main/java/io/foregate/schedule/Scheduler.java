package io.foregate.schedule;

import io.foregate.error.ForegateException;
import io.foregate.schedule.Policy.Prefetch;
import java.util.Arrays;

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
  /** How often a copy of an expert that is due is tried. */
  static final int ATTEMPTS = 3;

  /** After this many failures an expert is not guessed again until it was due. */
  private static final int GUESS_ATTEMPTS = 2;

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
  private final long[] bytes;
  private final ScheduleListener listener;
  private final ExpertCache cache;
  private final Outlook outlook;
  private final CostModel costs;
  private final Clockwork clockwork;
  private final DueExperts due;
  private final LayerOutlook layers;
  private final Speculation speculation;
  private final Room room;
  private final Staging staging;
  private final HostShare hostShare;
  private final Tally tally = new Tally();
  private final CopyOrder[] orders;
  private final WriteBacks writeBacks;
  private final Arrivals arrivals;
  private final boolean[] requested;
  private final boolean[] barred;
  private final byte[] failures;
  private long stalledSince = -1;
  private Throwable failure;
  private int failed = ExpertCache.NONE;

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
    this.bytes = bytes.clone();
    this.listener = listener;
    cache = new ExpertCache(grid, slots);
    outlook = new Outlook(grid, policy);
    costs = new CostModel(timings, Arrays.stream(bytes).max().getAsLong());
    clockwork = new Clockwork(grid);
    due = new DueExperts(grid);
    requested = new boolean[grid.total()];
    barred = new boolean[grid.total()];
    arrivals = new Arrivals(grid, slots);
    layers = new LayerOutlook(grid, cache, outlook, due.needed(), barred, policy.tuning().floor());
    speculation =
        new Speculation(
            grid, policy.tuning(), cache, outlook, layers, clockwork, this.bytes, arrivals);
    orders = new CopyOrder[streams];
    Arrays.setAll(orders, i -> new CopyOrder());
    writeBacks = new WriteBacks(slots);
    failures = new byte[grid.total()];
    room = new Room(grid, policy, this.bytes, cache, layers, arrivals, writeBacks, tally, listener);
    staging = new Staging(grid, policy, cache, outlook, barred);
    hostShare = new HostShare(grid, this.bytes, cache, due, costs, arrivals);
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

  ExpertCache cache() {
    return cache;
  }

  /**
   * A forward pass of that many tokens begins. If the one before was given up midway, what it held
   * is let go: no kernel may be running.
   */
  public void begin(int tokens, long now) {
    letGo(now);
    clockwork.begin(tokens, now);
    outlook.begin(tokens);
    layers.changedAll();
  }

  /** Unpins and forgets what is due, and any failure. */
  private void letGo(long now) {
    for (int i = 0; i < due.count(); i++) {
      if (cache.pinned(due.id(i))) {
        cache.unpin(due.id(i));
      }
    }
    due.clear();
    layers.changed(clockwork.layer());
    room.trim(clockwork.layer(), now);
    stalledSince = -1;
    failure = null;
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
      request((layer + j) % grid.layers());
    }
  }

  /** Notes which absent experts of a layer are asked for, and counts those that no longer are. */
  private void request(int layer) {
    layers.changed(layer);
    int end = grid.id(layer, 0) + grid.experts();
    for (int id = grid.id(layer, 0); id < end; id++) {
      boolean now =
          cache.absent(id)
              && outlook.fresh(layer)
              && outlook.probability(id) >= policy.tuning().floor();
      if (requested[id] && !now && cache.absent(id)) {
        tally.cancelledRequests++;
      }
      requested[id] = now;
    }
  }

  /**
   * The router has chosen: these experts are due.
   *
   * @param chosen experts of the layer, {@code [tokens][grid.used]}
   */
  public void routed(int layer, int[] chosen, int tokens, long now) {
    letGo(now);
    clockwork.routed(layer, now);
    due.begin(layer, chosen, tokens * grid.used());
    for (int i = 0; i < due.count(); i++) {
      fallDue(due.id(i));
    }
    outlook.routed(layer, due.served(), tokens);
    request(layer);
    tally.tokens += layer == 0 ? tokens : 0;
    tally.layers++;
    room.trim(layer, now);
    if (policy.hostFallback() && tokens == 1) {
      hostShare.choose(layer, inFlight(now));
    }
  }

  /** Expected time until the link is free. */
  private double inFlight(long now) {
    double longest = 0;
    for (CopyOrder order : orders) {
      if (order.active) {
        double whole = costs.copyNanos(order.bytes);
        longest = Math.max(longest, whole - (now - order.start));
      }
    }
    return longest;
  }

  private void fallDue(int id) {
    requested[id] = false;
    failures[id] = 0;
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
    wave.layer = clockwork.layer();
    wave.count = 0;
    wave.onHost = false;
    if (due.toHand() == 0) {
      return Ready.FINISHED;
    }
    if (failure != null) {
      throw unavailable();
    }
    int most = mostAtOnce();
    for (int i = 0; i < due.count() && wave.count < most; i++) {
      if (due.waits(i) && cache.resident(due.id(i))) {
        cache.pin(due.id(i));
        add(wave, i);
      }
    }
    if (wave.count == 0) {
      addFromHost(wave);
    }
    if (wave.count == 0) {
      stalledSince = stalledSince < 0 ? now : stalledSince;
      return Ready.WAIT;
    }
    layers.changed(wave.layer);
    endStall(now);
    wave.start = now;
    return Ready.RUN;
  }

  private void add(Wave wave, int index) {
    int id = due.id(index);
    wave.experts[wave.count] = grid.expert(id);
    wave.slots[wave.count] = cache.slot(id);
    wave.count++;
    due.hand(index);
  }

  private void addFromHost(Wave wave) {
    for (int i = 0; i < due.count(); i++) {
      if (due.waits(i) && due.onHost(i)) {
        add(wave, i);
        wave.onHost = true;
        tally.hostExperts++;
        return;
      }
    }
  }

  /**
   * One at a time while others wait for their slots: what has run makes room for them. In decoding
   * that is rare, with a budget of hardly more than the experts of one token.
   */
  private int mostAtOnce() {
    if (!demandWaits()) {
      return Integer.MAX_VALUE;
    }
    boolean tight = clockwork.tokens() > 1 || (cache.freeSlots() == 0 && !anyVictim());
    return tight ? 1 : Integer.MAX_VALUE;
  }

  private boolean demandWaits() {
    for (int i = 0; i < due.count(); i++) {
      if (due.waits(i) && !due.onHost(i) && cache.absent(due.id(i))) {
        return true;
      }
    }
    return false;
  }

  private boolean anyVictim() {
    return switch (policy.scope()) {
      case NOTHING -> false;
      case LAYER -> layers.victim(clockwork.layer()) != ExpertCache.NONE;
      case GLOBAL -> speculation.victimForDemand() != ExpertCache.NONE;
    };
  }

  private void endStall(long now) {
    if (stalledSince >= 0) {
      long nanos = now - stalledSince;
      tally.stallNanos += nanos;
      clockwork.stalled(nanos);
      listener.stalled(clockwork.layer(), stalledSince, now);
      stalledSince = -1;
    }
  }

  private ForegateException unavailable() {
    return new ForegateException(
        "Expert %d of layer %d could not be copied to the device in %d attempts: %s"
            .formatted(grid.expert(failed), grid.layer(failed), ATTEMPTS, failure.getMessage()),
        "The expert store or the device is failing; what was generated so far is right.",
        failure);
  }

  /** The experts of a wave have run. */
  public void release(Wave wave, long now) {
    long nanos = now - wave.start;
    if (clockwork.tokens() == 1) {
      costs.expert((double) nanos / wave.count, wave.onHost);
    }
    tally.expertNanos += nanos;
    listener.computed(wave.layer, wave.count, wave.onHost, wave.start, now);
    for (int i = 0; i < wave.count; i++) {
      int id = grid.id(wave.layer, wave.experts[i]);
      due.done(id);
      if (!wave.onHost) {
        cache.unpin(id);
      }
    }
    layers.changed(wave.layer);
    room.trim(wave.layer, now);
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
    CopyOrder order = idleOrder();
    if (order == null) {
      return null;
    }
    if (!writeBacks.isEmpty()) {
      return startWriteBack(order, now);
    }
    int id = missingExpert();
    if (id != ExpertCache.NONE) {
      if (failure != null) {
        return null;
      }
      if (!cache.absent(id)) {
        return order(order, id, false, bytes[grid.layer(id)], now);
      }
      return makeRoom(id, now) ? start(order, id, false, false, now) : null;
    }
    return switch (policy.prefetch()) {
      case NOTHING -> null;
      case NEXT_LAYER -> stageNext(order, now);
      case VALUE -> guess(order, now);
      case EVERYTHING -> fill(order, now);
    };
  }

  private CopyOrder idleOrder() {
    for (CopyOrder order : orders) {
      if (!order.active) {
        return order;
      }
    }
    return null;
  }

  private CopyOrder startWriteBack(CopyOrder order, long now) {
    order.expert = writeBacks.expert();
    order.slot = writeBacks.slot();
    order.from = 0;
    order.bytes = bytes[grid.layer(order.expert)];
    order.writeBack = true;
    order.speculative = false;
    order.active = true;
    order.start = now;
    writeBacks.remove();
    return order;
  }

  /** An expert that is due and not on its way: one of which a part is there, else an absent one. */
  private int missingExpert() {
    int missing = ExpertCache.NONE;
    for (int i = 0; i < due.count(); i++) {
      int id = due.id(i);
      if (due.waits(i) && !due.onHost(i) && !cache.resident(id) && !arrivals.flying(id)) {
        if (!cache.absent(id)) {
          return id;
        }
        missing = missing == ExpertCache.NONE ? id : missing;
      }
    }
    return missing;
  }

  /** Sees to it that there is a free slot for an expert that is due. */
  private boolean makeRoom(int id, long now) {
    if (cache.freeSlots() == 0) {
      int victim =
          switch (policy.scope()) {
            case NOTHING -> ExpertCache.NONE;
            case LAYER -> staleOrOwn(grid.layer(id));
            case GLOBAL -> speculation.victimForDemand();
          };
      if (victim != ExpertCache.NONE) {
        room.evict(victim, now);
      } else {
        giveUpAGuess();
      }
    }
    return cache.freeSlots() > 0;
  }

  private int staleOrOwn(int layer) {
    int staged = staging.inVain(true);
    return staged != ExpertCache.NONE ? staged : layers.victim(layer);
  }

  private CopyOrder start(CopyOrder order, int id, boolean speculative, boolean stage, long now) {
    cache.load(id, stage);
    arrivals.begin(id);
    room.loading(id);
    requested[id] = false;
    if (failures[id] > 0) {
      tally.retries++;
    }
    if (speculative) {
      tally.speculativeCopies++;
    } else {
      tally.demandCopies++;
    }
    int layer = grid.layer(id);
    layers.changed(layer);
    room.trim(layer, now);
    boolean inParts = speculative && policy.prefetch() == Prefetch.VALUE;
    return order(
        order, id, speculative, inParts ? speculation.partBytes(layer) : bytes[layer], now);
  }

  /** Orders what is still to come of an expert, or at most {@code most} bytes of it. */
  private CopyOrder order(CopyOrder order, int id, boolean speculative, long most, long now) {
    order.expert = id;
    order.slot = cache.slot(id);
    order.from = arrivals.bytes(id);
    order.bytes = Math.min(most, bytes[grid.layer(id)] - order.from);
    order.writeBack = false;
    order.speculative = speculative;
    order.active = true;
    order.start = now;
    arrivals.depart(id);
    return order;
  }

  /** Mixtral-offloading's rule: the likeliest experts of the next layer, once this one has its. */
  private CopyOrder stageNext(CopyOrder order, long now) {
    int target = (clockwork.layer() + 1) % grid.layers();
    if (!outlook.fresh(target) || demandLoads()) {
      return null;
    }
    int id = staging.likeliestAbsent(target);
    if (id == ExpertCache.NONE) {
      return null;
    }
    if (cache.freeSlots() == 0) {
      int staged = staging.inVain(false);
      if (staged == ExpertCache.NONE) {
        return null;
      }
      room.evict(staged, now);
    }
    return cache.freeSlots() > 0 ? start(order, id, true, true, now) : null;
  }

  private boolean demandLoads() {
    for (int i = 0; i < due.count(); i++) {
      if (due.waits(i) && !cache.resident(due.id(i)) && !due.onHost(i)) {
        return true;
      }
    }
    return false;
  }

  private CopyOrder guess(CopyOrder order, long now) {
    int id = speculation.choose();
    while (speculation.hopeless() != ExpertCache.NONE) {
      room.giveUp(speculation.hopeless());
      id = speculation.choose();
    }
    if (id == ExpertCache.NONE) {
      return null;
    }
    if (!cache.absent(id)) {
      return order(order, id, true, speculation.partBytes(grid.layer(id)), now);
    }
    if (speculation.victim() != ExpertCache.NONE) {
      room.evict(speculation.victim(), now);
    }
    return cache.freeSlots() > 0 ? start(order, id, true, false, now) : null;
  }

  /** Frees the slot of a paused guess, if there is one that is not due. */
  private void giveUpAGuess() {
    for (int i = 0; i < arrivals.pausedCount(); i++) {
      int id = arrivals.paused(i);
      if (!due.needed()[id]) {
        room.giveUp(id);
        return;
      }
    }
  }

  private CopyOrder fill(CopyOrder order, long now) {
    for (int id = 0; id < grid.total() && cache.freeSlots() > 0; id++) {
      if (cache.absent(id) && !barred[id]) {
        return start(order, id, true, false, now);
      }
    }
    return null;
  }

  /** A copy has completed: if it was the last of its expert, that can run. */
  public void copyDone(CopyOrder order, long now) {
    order.active = false;
    long nanos = now - order.start;
    listener.copied(order, order.start, now, false);
    if (order.writeBack) {
      tally.writeBacks++;
      tally.writeBackBytes += order.bytes;
      cache.freeSlot(order.slot);
      return;
    }
    int id = order.expert;
    costs.copied(order.bytes, nanos);
    tally.copiedBytes += order.bytes;
    tally.copyNanos += nanos;
    arrivals.arrive(id, order.bytes, nanos);
    if (arrivals.bytes(id) < bytes[grid.layer(id)]) {
      arrivals.pause(id);
      return;
    }
    failures[id] = 0;
    barred[id] = false;
    cache.loaded(id);
    layers.changed(grid.layer(id));
    if (due.needed()[id]) {
      room.markUsed(id);
    } else {
      room.trim(grid.layer(id), now); // it came too late
    }
  }

  /**
   * A copy has failed. It is tried again, a guess at most once; an expert that is due and cannot be
   * copied makes {@link #next} fail.
   */
  public void copyFailed(CopyOrder order, Throwable cause, long now) {
    order.active = false;
    tally.failedCopies++;
    listener.copied(order, order.start, now, true);
    if (order.writeBack) {
      cache.freeSlot(order.slot); // the host has the expert anyway
      return;
    }
    int id = order.expert;
    tally.wastedBytes += arrivals.bytes(id);
    arrivals.giveUp(id);
    cache.failed(id);
    failures[id]++;
    barred[id] = failures[id] >= GUESS_ATTEMPTS;
    layers.changed(grid.layer(id));
    if (due.needed()[id] && failures[id] >= ATTEMPTS) {
      failure = cause;
      failed = id;
    }
  }
}
