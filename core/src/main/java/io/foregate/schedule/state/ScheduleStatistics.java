package io.foregate.schedule.state;

/**
 * What a scheduler has done. Experts are counted once per layer and batch.
 *
 * @param tokens tokens of the batches routed
 * @param layers layers routed
 * @param hits experts that were resident when due
 * @param lates experts that were in flight when due
 * @param misses experts that were neither
 * @param hostExperts misses that ran on the CPU
 * @param stallNanos time for which the compute thread waited
 * @param expertNanos time for which experts ran
 * @param demandCopies copies started because an expert was due
 * @param speculativeCopies copies started before their expert was due
 * @param copiedBytes bytes copied to the device
 * @param copyNanos time for which copies to the device ran
 * @param usedCopyNanos the part of it whose experts were then used
 * @param wastedBytes bytes copied and evicted unused
 * @param writeBacks experts copied back to the host
 * @param writeBackBytes their bytes
 * @param evictions experts that lost their slot
 * @param cancelledRequests requests dropped before they started: their layer came, or they became
 *     unlikely
 * @param failedCopies copies that failed
 * @param retries copies started again after a failure
 */
public record ScheduleStatistics(
    long tokens,
    long layers,
    long hits,
    long lates,
    long misses,
    long hostExperts,
    long stallNanos,
    long expertNanos,
    long demandCopies,
    long speculativeCopies,
    long copiedBytes,
    long copyNanos,
    long usedCopyNanos,
    long wastedBytes,
    long writeBacks,
    long writeBackBytes,
    long evictions,
    long cancelledRequests,
    long failedCopies,
    long retries) {

  /** Share of the copy time of the experts really used that no one waited for; 1 without copies. */
  public double hidden() {
    return usedCopyNanos == 0 ? 1 : 1 - (double) stallNanos / usedCopyNanos;
  }

  /** Share of due experts that were resident; 1 when none was due. */
  public double hitRate() {
    long due = hits + lates + misses;
    return due == 0 ? 1 : (double) hits / due;
  }

  /** What happened since {@code earlier}, an earlier answer of the same scheduler. */
  public ScheduleStatistics since(ScheduleStatistics earlier) {
    return new ScheduleStatistics(
        tokens - earlier.tokens,
        layers - earlier.layers,
        hits - earlier.hits,
        lates - earlier.lates,
        misses - earlier.misses,
        hostExperts - earlier.hostExperts,
        stallNanos - earlier.stallNanos,
        expertNanos - earlier.expertNanos,
        demandCopies - earlier.demandCopies,
        speculativeCopies - earlier.speculativeCopies,
        copiedBytes - earlier.copiedBytes,
        copyNanos - earlier.copyNanos,
        usedCopyNanos - earlier.usedCopyNanos,
        wastedBytes - earlier.wastedBytes,
        writeBacks - earlier.writeBacks,
        writeBackBytes - earlier.writeBackBytes,
        evictions - earlier.evictions,
        cancelledRequests - earlier.cancelledRequests,
        failedCopies - earlier.failedCopies,
        retries - earlier.retries);
  }
}
