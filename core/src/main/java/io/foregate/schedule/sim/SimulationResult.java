package io.foregate.schedule.sim;

import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ScheduleStatistics;

/**
 * One cell: a policy on a machine with a budget. Also the schema of what {@code simulate --json}
 * prints, one object per cell.
 *
 * @param profile the profile's name
 * @param origin whether the profile was {@code measured} or {@code modelled}
 * @param policy the policy's name
 * @param prefetchCount experts that it prefetches per layer, where that is a constant: the best of
 *     several, in its favour; else 0
 * @param layers layers of the model
 * @param recordedLayers layers of the trace; fewer than {@code layers} if it was stretched
 * @param experts experts of the model
 * @param budget experts that fit the cell's budget of device memory
 * @param slots experts that the policy could hold, staging included: the budget, but all experts
 *     for {@code resident}
 * @param linkGbps the link's speed in 10^9 bytes per second
 * @param tokens tokens decoded, without the warm-up
 * @param tokensPerSecond decode speed
 * @param hit share of the experts due that were resident
 * @param late share that was in flight
 * @param miss share that was neither
 * @param onHost share that ran on the CPU
 * @param stall share of the time in which the device waited for copies
 * @param waste share of the copied bytes that were evicted unused
 * @param hidden share of the copy time of used experts that nobody waited for
 * @param copiesPerToken experts copied to the device, parts of one counted as such
 * @param copyShare of {@code lru} with no overlap: copy time / (copy time + compute time)
 * @param boundTokensPerSecond the most that any cache without {@code hybrid}'s help can reach
 * @param shareOfBound speed over that bound; {@code hybrid} may exceed 1
 */
public record SimulationResult(
    String profile,
    String origin,
    String policy,
    int prefetchCount,
    int layers,
    int recordedLayers,
    int experts,
    int budget,
    int slots,
    double linkGbps,
    int tokens,
    double tokensPerSecond,
    double hit,
    double late,
    double miss,
    double onHost,
    double stall,
    double waste,
    double hidden,
    double copiesPerToken,
    double copyShare,
    double boundTokensPerSecond,
    double shareOfBound) {

  static SimulationResult of(
      Cell cell, Policy policy, int slots, SimulatedRun run, double copyShare, double bound) {
    ScheduleStatistics s = run.statistics();
    double due = Math.max(1, s.hits() + s.lates() + s.misses());
    return new SimulationResult(
        cell.profile().name(),
        cell.profile().origin(),
        policy.name(),
        policy.prefetchCount(),
        cell.grid().layers(),
        cell.recordedLayers(),
        cell.grid().total(),
        cell.slots(Policy.lru()),
        slots,
        cell.profile().linkGbps(),
        run.tokens(),
        run.tokensPerSecond(),
        s.hits() / due,
        s.lates() / due,
        s.misses() / due,
        s.hostExperts() / due,
        (double) s.stallNanos() / run.nanos(),
        s.copiedBytes() == 0 ? 0 : (double) s.wastedBytes() / s.copiedBytes(),
        s.hidden(),
        (double) s.copiedBytes() / cell.profile().expertBytes() / run.tokens(),
        copyShare,
        bound,
        run.tokensPerSecond() / bound);
  }
}
