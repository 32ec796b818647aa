package io.foregate.schedule.policy;

import io.foregate.schedule.state.DueExperts;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Forecast;
import io.foregate.schedule.state.TokenClock;

/**
 * Mixtral-offloading's rule: the next layer's likeliest experts are copied, once this layer's are
 * there, into staging slots, and join their layer when they are used.
 *
 * @param most experts fetched per layer
 */
public record PrefetchNextLayer(int most) implements Prefetch {
  @Override
  public Prefetcher over(SchedulerState state) {
    return new Stage(state, most);
  }

  @Override
  public int count() {
    return most;
  }

  @Override
  public Prefetch withCount(int count) {
    return new PrefetchNextLayer(count);
  }

  private static final class Stage implements Prefetcher {
    private final int most;
    private final ExpertGrid grid;
    private final ExpertCache cache;
    private final Forecast forecast;
    private final TokenClock clock;
    private final DueExperts due;
    private final boolean[] barred;

    Stage(SchedulerState state, int most) {
      this.most = most;
      grid = state.grid;
      cache = state.cache;
      forecast = state.forecast;
      clock = state.clock;
      due = state.due;
      barred = state.failures.barred();
    }

    @Override
    public boolean stages() {
      return true;
    }

    @Override
    public int stagedInVain() {
      return inVain(true);
    }

    @Override
    public int next(Room room, long now) {
      int target = (clock.layer() + 1) % grid.layers();
      if (!forecast.fresh(target) || demandLoads()) {
        return ExpertCache.NONE;
      }
      int id = likeliestAbsent(target);
      if (id != ExpertCache.NONE && cache.freeSlots() == 0) {
        int staged = inVain(false);
        if (staged == ExpertCache.NONE) {
          return ExpertCache.NONE;
        }
        room.evict(staged, now);
      }
      return id;
    }

    private boolean demandLoads() {
      for (int i = 0; i < due.count(); i++) {
        if (due.waits(i) && !cache.resident(due.id(i)) && !due.onHost(i)) {
          return true;
        }
      }
      return false;
    }

    /**
     * A staged expert whose slot can be taken: one whose layer has passed, or, for an expert that
     * is due, any.
     */
    private int inVain(boolean any) {
      int found = ExpertCache.NONE;
      for (int slot = 0; slot < cache.slots(); slot++) {
        int id = cache.occupant(slot);
        if (id != ExpertCache.NONE && cache.staged(id) && cache.resident(id)) {
          if (!forecast.fresh(grid.layer(id))) {
            return id;
          }
          found = any ? id : found;
        }
      }
      return found;
    }

    /** Of the {@code most} likeliest experts of a layer, the likeliest that is absent. */
    private int likeliestAbsent(int layer) {
      int last = ExpertCache.NONE;
      for (int i = 0; i < most; i++) {
        last = likeliestAfter(last, layer);
        if (last == ExpertCache.NONE || (cache.absent(last) && !barred[last])) {
          return last;
        }
      }
      return ExpertCache.NONE;
    }

    /**
     * The likeliest expert of a layer that is less likely than {@code last}; equal ones by number.
     */
    private int likeliestAfter(int last, int layer) {
      double limit = last == ExpertCache.NONE ? Double.MAX_VALUE : forecast.probability(last);
      int best = ExpertCache.NONE;
      double most = -1;
      int end = grid.id(layer, 0) + grid.experts();
      for (int id = grid.id(layer, 0); id < end; id++) {
        double p = forecast.probability(id);
        if (p > most && (p < limit || (p == limit && id > last))) {
          best = id;
          most = p;
        }
      }
      return best;
    }
  }
}
