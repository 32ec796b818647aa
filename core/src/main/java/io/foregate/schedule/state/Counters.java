package io.foregate.schedule.state;

/** The running counts behind {@link ScheduleStatistics}. */
public final class Counters {
  public long tokens;
  public long layers;
  public long hits;
  public long lates;
  public long misses;
  public long hostExperts;
  public long stallNanos;
  public long expertNanos;
  public long demandCopies;
  public long speculativeCopies;
  public long copiedBytes;
  public long copyNanos;
  public long usedCopyNanos;
  public long wastedBytes;
  public long writeBacks;
  public long writeBackBytes;
  public long evictions;
  public long cancelledRequests;
  public long failedCopies;
  public long retries;

  public ScheduleStatistics snapshot() {
    return new ScheduleStatistics(
        tokens,
        layers,
        hits,
        lates,
        misses,
        hostExperts,
        stallNanos,
        expertNanos,
        demandCopies,
        speculativeCopies,
        copiedBytes,
        copyNanos,
        usedCopyNanos,
        wastedBytes,
        writeBacks,
        writeBackBytes,
        evictions,
        cancelledRequests,
        failedCopies,
        retries);
  }
}
