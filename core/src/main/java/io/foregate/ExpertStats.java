package io.foregate;

import io.foregate.schedule.state.ScheduleStatistics;

/**
 * How experts came to the device. An expert counts once per layer and step, however many tokens of
 * the step use it.
 *
 * @param hits experts that were there when due
 * @param lates experts that were on their way
 * @param misses experts that were neither
 * @param hostRuns misses that the CPU computed instead, straight from host memory
 * @param stallSeconds time for which computing waited
 * @param copies experts copied to the device
 * @param speculativeCopies the part of them that was started on a guess
 * @param copiedBytes their bytes
 * @param wastedBytes the part of them that was evicted unused
 * @param copySeconds time for which copies ran
 * @param hidden share of the copy time of the experts really used that computing did not wait for;
 *     negative where it waited for longer than the copies took
 * @param evictions experts that lost their place
 */
public record ExpertStats(
    long hits,
    long lates,
    long misses,
    long hostRuns,
    double stallSeconds,
    long copies,
    long speculativeCopies,
    long copiedBytes,
    long wastedBytes,
    double copySeconds,
    double hidden,
    long evictions) {

  static ExpertStats of(ScheduleStatistics s) {
    return new ExpertStats(
        s.hits(),
        s.lates(),
        s.misses(),
        s.hostExperts(),
        s.stallNanos() / 1e9,
        s.demandCopies() + s.speculativeCopies(),
        s.speculativeCopies(),
        s.copiedBytes(),
        s.wastedBytes(),
        s.copyNanos() / 1e9,
        s.hidden(),
        s.evictions());
  }
}
