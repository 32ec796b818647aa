package io.foregate.schedule;

import io.foregate.schedule.Scheduler.Ready;
import io.foregate.schedule.policy.Candidates;
import io.foregate.schedule.policy.SchedulerState;
import io.foregate.schedule.policy.SlotDivision;
import io.foregate.schedule.state.CostModel;
import io.foregate.schedule.state.Counters;
import io.foregate.schedule.state.DueExperts;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Failures;
import io.foregate.schedule.state.InFlightCopies;
import io.foregate.schedule.state.TokenClock;

/** Hands out the experts of a layer as they can run, and takes them back when they have run. */
final class WaveQueue {
  private static final long NEVER = -1;

  private final ExpertGrid grid;
  private final SlotDivision division;
  private final ScheduleListener listener;
  private final ExpertCache cache;
  private final DueExperts due;
  private final Candidates candidates;
  private final TokenClock clock;
  private final CostModel costs;
  private final Failures failures;
  private final Counters counters;
  private final InFlightCopies inFlight;
  private final Evictor evictor;
  private long stalledSince = NEVER;

  /** Of the wave that runs: whether copies were in flight when it began, and how many had begun. */
  private boolean copying;

  private long departures;

  WaveQueue(SchedulerState state, Evictor evictor, ScheduleListener listener) {
    grid = state.grid;
    division = state.policy.division();
    cache = state.cache;
    due = state.due;
    candidates = state.candidates;
    clock = state.clock;
    costs = state.costs;
    failures = state.failures;
    counters = state.counters;
    inFlight = state.inFlight;
    this.evictor = evictor;
    this.listener = listener;
  }

  /** See {@link Scheduler#next}. */
  Ready next(Wave wave, long now) {
    wave.layer = clock.layer();
    wave.count = 0;
    wave.onHost = false;
    if (due.toHand() == 0) {
      return Ready.FINISHED;
    }
    if (failures.fatal()) {
      throw failures.unavailable();
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
      stalledSince = stalledSince == NEVER ? now : stalledSince;
      return Ready.WAIT;
    }
    endStall(now);
    wave.start = now;
    copying = inFlight.any();
    departures = inFlight.departures();
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
        counters.hostExperts++;
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
    boolean tight = clock.tokens() > 1 || (cache.freeSlots() == 0 && !anyVictim());
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
    return division.victim(candidates, clock.layer()) != ExpertCache.NONE;
  }

  private void endStall(long now) {
    if (stalledSince != NEVER) {
      long nanos = now - stalledSince;
      counters.stallNanos += nanos;
      clock.stalled(nanos);
      listener.stalled(clock.layer(), stalledSince, now);
      stalledSince = NEVER;
    }
  }

  /** See {@link Scheduler#release}. */
  void release(Wave wave, long now) {
    long nanos = now - wave.start;
    if (clock.tokens() == 1) {
      measure(wave, (double) nanos / wave.count);
    }
    counters.expertNanos += nanos;
    listener.computed(wave.layer, wave.count, wave.onHost, wave.start, now);
    for (int i = 0; i < wave.count; i++) {
      int id = grid.id(wave.layer, wave.experts[i]);
      due.done(id);
      if (!wave.onHost) {
        cache.unpin(id);
        candidates.released(wave.layer, id);
      } else {
        candidates.changed(wave.layer);
      }
    }
    evictor.trim(wave.layer, now);
  }

  private void measure(Wave wave, double each) {
    costs.expert(each, wave.onHost);
    boolean same = copying == inFlight.any() && (copying || departures == inFlight.departures());
    if (same && !wave.onHost) {
      costs.overlap(each, copying);
    }
  }

  /** Unpins and forgets what is due, and any failure. */
  void letGo(long now) {
    if (due.toHand() > 0 || due.running() > 0) {
      abandon();
    }
    due.clear();
    evictor.trim(clock.layer(), now);
    stalledSince = NEVER;
    failures.forget();
  }

  private void abandon() {
    for (int i = 0; i < due.count(); i++) {
      if (cache.pinned(due.id(i))) {
        cache.unpin(due.id(i));
      }
    }
    candidates.changed(clock.layer());
  }
}
