package io.foregate.schedule.sim;

import io.foregate.error.ForegateException;
import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.StretchedTrace;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.ScheduleListener;
import io.foregate.schedule.SlotCount;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A trace on a machine with a budget of device memory: what policies are compared on. All of them
 * get the same slots, staging included; only {@code resident} gets one for every expert. Threads
 * may share one.
 */
public final class Cell {
  /** Numbers of experts that are tried where a policy prefetches a fixed number. */
  private static final int MAX_PREFETCHED = 4;

  private final RoutingTrace trace;
  private final int recordedLayers;
  private final Profile profile;
  private final SlotBudget budget;
  private final int warmUp;
  private final ExpertGrid grid;
  private final double copyShare;

  /**
   * Replays {@code lru}, to which everything is compared.
   *
   * @param recorded the trace; it is stretched if the profile's model has more layers
   * @param warmUp tokens that come first and are not counted
   * @throws ForegateException if the trace is too short or too deep, or the budget too small
   */
  public Cell(RoutingTrace recorded, Profile profile, SlotBudget budget, int warmUp) {
    this.recordedLayers = recorded.header().layers();
    this.trace = profile.layers() == 0 ? recorded : StretchedTrace.of(recorded, profile.layers());
    this.profile = profile;
    this.budget = budget;
    this.warmUp = warmUp;
    TraceHeader header = trace.header();
    this.grid = new ExpertGrid(header.layers(), header.experts(), header.used());
    if (trace.tokens() <= warmUp) {
      throw new ForegateException(
          "The trace has %d tokens for a model of %d layers, and the warm-up takes %d of them."
              .formatted(trace.tokens(), header.layers(), warmUp),
          "Record more [[tokens]] with foregate trace, or [[warmup]] with fewer.");
    }
    this.copyShare = copyShare(run(Policy.lru()));
  }

  private double copyShare(SimulatedRun lru) {
    double copies = (double) lru.statistics().demandCopies() * profile.copyNanos();
    return copies / (copies + (double) lru.tokens() * computeNanos());
  }

  Profile profile() {
    return profile;
  }

  ExpertGrid grid() {
    return grid;
  }

  int recordedLayers() {
    return recordedLayers;
  }

  /** Slots that a policy gets. */
  public int slots(Policy policy) {
    return policy.keepsAll()
        ? grid.total()
        : SlotCount.of(budget, grid, profile.expertBytes(), policy);
  }

  /** Replays a policy. Where it prefetches a fixed number of experts, that number is the best. */
  public SimulationResult simulate(Policy policy) {
    return variants(policy)
        .map(this::result)
        .max(Comparator.comparingDouble(SimulationResult::tokensPerSecond))
        .orElseThrow();
  }

  /** The policy with each number of prefetched experts, if that is a constant; else as it is. */
  public Stream<Policy> variants(Policy policy) {
    if (policy.prefetchCount() == 0) {
      return Stream.of(policy);
    }
    return IntStream.rangeClosed(1, Math.min(MAX_PREFETCHED, grid.experts()))
        .mapToObj(policy::withPrefetchCount);
  }

  private SimulationResult result(Policy policy) {
    int slots = slots(policy);
    return SimulationResult.of(this, policy, slots, run(policy), copyShare, bound(slots));
  }

  /**
   * Replays a policy as it is, a fixed number of prefetched experts included.
   *
   * @throws ForegateException if the profile or the trace lacks what the policy needs
   */
  public SimulatedRun run(Policy policy) {
    if (!profile.canRun(policy)) {
      throw new ForegateException(
          "Policy %s computes on the CPU, and the profile %s does not say how long that takes."
              .formatted(policy.name(), profile.name()),
          "Add host_expert_micros to the profile, or leave the [[policy]] out.");
    }
    return new Simulation(trace, profile, policy, slots(policy), ScheduleListener.NONE).run(warmUp);
  }

  /** What a token takes when every expert is resident, without gates. */
  public long computeNanos() {
    return profile.computeNanos(grid.layers(), grid.used());
  }

  /** Tokens per second that no cache of so many slots can exceed. */
  double bound(int slots) {
    long copies = BeladyBound.copies(trace, warmUp, slots);
    long perCopy =
        profile.copyStreams() == 1
            ? profile.copyNanos()
            : profile.transferNanos(profile.expertBytes());
    double tokens = trace.tokens() - warmUp;
    return 1e9 / Math.max((double) computeNanos(), copies * (double) perCopy / tokens);
  }
}
