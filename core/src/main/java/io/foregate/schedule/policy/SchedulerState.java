package io.foregate.schedule.policy;

import io.foregate.schedule.state.CopyWaits;
import io.foregate.schedule.state.CostModel;
import io.foregate.schedule.state.Counters;
import io.foregate.schedule.state.DueExperts;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Failures;
import io.foregate.schedule.state.Forecast;
import io.foregate.schedule.state.InFlightCopies;
import io.foregate.schedule.state.Timings;
import io.foregate.schedule.state.TokenClock;
import io.foregate.schedule.state.Usage;
import java.util.Arrays;

/** What the parts of a scheduler share: its task, and the state that they keep together. */
public final class SchedulerState {
  public final ExpertGrid grid;
  public final Policy policy;

  /** Of an expert of each layer. */
  public final long[] bytes;

  /** Which expert is where. */
  public final ExpertCache cache;

  /** How each expert was used. */
  public final Usage usage;

  /** How likely each expert is to be used. */
  public final Forecast forecast;

  /** Where in a token the computation is. */
  public final TokenClock clock;

  /** What copies and experts take. */
  public final CostModel costs;

  /** What share of copies would be waited for. */
  public final CopyWaits waits = new CopyWaits();

  /** What the current layer needs. */
  public final DueExperts due;

  /** How much of each loading expert is there. */
  public final InFlightCopies inFlight;

  /** Copies that failed. */
  public final Failures failures;

  /** What is counted. */
  public final Counters counters;

  /** Who goes first and who comes first, layer by layer. */
  public final Candidates candidates;

  public SchedulerState(ExpertGrid grid, Policy policy, int slots, long[] bytes, Timings timings) {
    this.grid = grid;
    this.policy = policy;
    this.bytes = bytes.clone();
    cache = new ExpertCache(grid, slots);
    usage = new Usage(grid);
    forecast =
        new Forecast(grid, usage, policy.prediction().horizon(), policy.prediction().crossToken());
    clock = new TokenClock(grid);
    costs = new CostModel(timings, Arrays.stream(bytes).max().getAsLong());
    due = new DueExperts(grid);
    inFlight = new InFlightCopies(grid, slots);
    failures = new Failures(grid);
    counters = new Counters();
    candidates = new Candidates(this, policy.eviction());
  }
}
