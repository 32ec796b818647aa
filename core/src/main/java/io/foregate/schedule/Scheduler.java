package io.foregate.schedule;

import io.foregate.error.ForegateException;
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
  private final Tally tally = new Tally();
  private final CopyOrder[] orders;
  private final WriteBacks writeBacks;
  private final boolean[] used;
  private final long[] copyTime;
  private final boolean[] requested;
  private final boolean[] barred;
  private final byte[] failures;
  private final int[] quota;
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
    costs = new CostModel(grid, timings, Arrays.stream(bytes).max().getAsLong());
    clockwork = new Clockwork(grid, costs);
    due = new DueExperts(grid);
    requested = new boolean[grid.total()];
    barred = new boolean[grid.total()];
    layers = new LayerOutlook(grid, cache, outlook, due.needed(), barred, policy.tuning().floor());
    speculation =
        new Speculation(
            grid, policy.tuning(), cache, outlook, layers, costs, clockwork, this.bytes);
    orders = new CopyOrder[streams];
    Arrays.setAll(orders, i -> new CopyOrder());
    writeBacks = new WriteBacks(slots);
    used = new boolean[grid.total()];
    copyTime = new long[grid.total()];
    failures = new byte[grid.total()];
    quota = quotas(grid, policy, slots);
  }

  /** Slots of each layer: what staging leaves, divided evenly, the remainder to the first ones. */
  private static int[] quotas(ExpertGrid grid, Policy policy, int slots) {
    int[] quota = new int[grid.layers()];
    int kept = slots - policy.staging();
    for (int l = 0; l < quota.length; l++) {
      quota[l] =
          switch (policy.scope()) {
            case NOTHING -> 0;
            case LAYER ->
                Math.min(grid.experts(), kept / grid.layers() + (l < kept % grid.layers() ? 1 : 0));
            case GLOBAL -> grid.experts();
          };
    }
    return quota;
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
    trim(clockwork.layer(), now);
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
    trim(layer, now);
    if (policy.hostFallback() && tokens == 1) {
      sendSomeToHost(now);
    }
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
        markUsed(id);
      }
      case LOADING -> tally.lates++;
      case ABSENT -> tally.misses++;
    }
  }

  /** The copy that brought an expert was not in vain. */
  private void markUsed(int id) {
    if (!used[id]) {
      used[id] = true;
      tally.usedCopyNanos += copyTime[id];
    }
  }

  /**
   * Leaves to the processor as many of the missing experts as makes the layer end soonest. It then
   * works while the others are copied.
   */
  private void sendSomeToHost(long now) {
    int misses = 0;
    int hits = 0;
    for (int i = 0; i < due.count(); i++) {
      misses += cache.absent(due.id(i)) ? 1 : 0;
      hits += cache.resident(due.id(i)) ? 1 : 0;
    }
    int lates = due.count() - hits - misses;
    double copy = costs.copyNanos(bytes[clockwork.layer()]);
    double link = inFlight(now);
    double device = costs.expertNanos();
    double host = costs.hostExpertNanos();
    int best = 0;
    double soonest = Double.MAX_VALUE;
    for (int sent = 0; sent <= misses; sent++) {
      int copied = misses - sent;
      boolean waits = copied + lates > 0;
      double end =
          Math.max(hits * device + sent * host, waits ? link + copied * copy : 0)
              + (waits ? device : 0);
      if (end < soonest) {
        soonest = end;
        best = sent;
      }
    }
    if (!costs.hostKnown()) {
      best = Math.min(1, misses); // to find out what it takes
    }
    for (int i = due.count() - 1; i >= 0 && best > 0; i--) {
      if (cache.absent(due.id(i))) {
        due.sendToHost(i);
        best--;
      }
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
    costs.expert((double) nanos / wave.count, wave.onHost);
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
    trim(wave.layer, now);
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

  /** Evicts a layer's experts that are more than its share, least valuable first. */
  private void trim(int layer, long now) {
    while (cache.members(layer) > quota[layer]) {
      int victim = layers.victim(layer);
      if (victim == ExpertCache.NONE) {
        return;
      }
      evict(victim, now);
    }
  }

  private void evict(int id, long now) {
    int slot = cache.evict(id);
    layers.changed(grid.layer(id));
    tally.evictions++;
    if (!used[id]) {
      tally.wastedBytes += bytes[grid.layer(id)];
    }
    listener.evicted(id, slot, used[id], now);
    if (policy.writeBack()) {
      writeBacks.add(id, slot);
    } else {
      cache.freeSlot(slot);
    }
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
      return failure == null && makeRoom(id, now) ? start(order, id, false, false, now) : null;
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
    order.bytes = bytes[grid.layer(order.expert)];
    order.writeBack = true;
    order.speculative = false;
    order.active = true;
    order.start = now;
    writeBacks.remove();
    return order;
  }

  private int missingExpert() {
    for (int i = 0; i < due.count(); i++) {
      if (due.waits(i) && !due.onHost(i) && cache.absent(due.id(i))) {
        return due.id(i);
      }
    }
    return ExpertCache.NONE;
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
        evict(victim, now);
      }
    }
    return cache.freeSlots() > 0;
  }

  private int staleOrOwn(int layer) {
    int staged = stagedInVain(true);
    return staged != ExpertCache.NONE ? staged : layers.victim(layer);
  }

  /**
   * A staged expert whose slot can be taken: one whose layer has passed, or, for an expert that is
   * due, any.
   */
  private int stagedInVain(boolean any) {
    int found = ExpertCache.NONE;
    for (int slot = 0; slot < cache.slots(); slot++) {
      int id = cache.occupant(slot);
      if (id != ExpertCache.NONE && cache.staged(id) && cache.resident(id)) {
        if (!outlook.fresh(grid.layer(id))) {
          return id;
        }
        found = any ? id : found;
      }
    }
    return found;
  }

  private CopyOrder start(CopyOrder order, int id, boolean speculative, boolean stage, long now) {
    int layer = grid.layer(id);
    order.expert = id;
    order.slot = cache.load(id, stage);
    order.bytes = bytes[layer];
    order.writeBack = false;
    order.speculative = speculative;
    order.active = true;
    order.start = now;
    used[id] = false;
    requested[id] = false;
    if (failures[id] > 0) {
      tally.retries++;
    }
    if (speculative) {
      tally.speculativeCopies++;
    } else {
      tally.demandCopies++;
    }
    layers.changed(layer);
    trim(layer, now);
    return order;
  }

  /** Mixtral-offloading's rule: the likeliest experts of the next layer, once this one has its. */
  private CopyOrder stageNext(CopyOrder order, long now) {
    int target = (clockwork.layer() + 1) % grid.layers();
    if (!outlook.fresh(target) || demandLoads()) {
      return null;
    }
    int id = likeliestAbsent(target);
    if (id == ExpertCache.NONE) {
      return null;
    }
    if (cache.freeSlots() == 0) {
      int staged = stagedInVain(false);
      if (staged == ExpertCache.NONE) {
        return null;
      }
      evict(staged, now);
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

  /** Of the {@code prefetchCount} likeliest experts of a layer, the likeliest that is absent. */
  private int likeliestAbsent(int layer) {
    int first = grid.id(layer, 0);
    int best = ExpertCache.NONE;
    for (int id = first; id < first + grid.experts(); id++) {
      if (cache.absent(id)
          && !barred[id]
          && likelier(id, first) < policy.prefetchCount()
          && (best == ExpertCache.NONE || outlook.probability(id) > outlook.probability(best))) {
        best = id;
      }
    }
    return best;
  }

  /** How many experts of the layer that begins at {@code first} are likelier than one of them. */
  private int likelier(int id, int first) {
    double p = outlook.probability(id);
    int count = 0;
    for (int other = first; other < first + grid.experts(); other++) {
      double q = outlook.probability(other);
      count += q > p || (q == p && other < id) ? 1 : 0;
    }
    return count;
  }

  private CopyOrder guess(CopyOrder order, long now) {
    int id = speculation.choose(now);
    if (id == ExpertCache.NONE) {
      return null;
    }
    if (speculation.victim() != ExpertCache.NONE) {
      evict(speculation.victim(), now);
    }
    return cache.freeSlots() > 0 ? start(order, id, true, false, now) : null;
  }

  private CopyOrder fill(CopyOrder order, long now) {
    for (int id = 0; id < grid.total(); id++) {
      if (cache.absent(id) && !barred[id]) {
        return start(order, id, true, false, now);
      }
    }
    return null;
  }

  /** A copy has completed: its expert can run, or, written back, its slot is free. */
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
    copyTime[id] = nanos;
    failures[id] = 0;
    barred[id] = false;
    cache.loaded(id);
    layers.changed(grid.layer(id));
    if (due.needed()[id]) {
      markUsed(id);
    } else {
      trim(grid.layer(id), now); // it came too late
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
