package io.foregate.schedule;

/** The running counts behind {@link ScheduleStatistics}. */
final class Tally {
  long tokens;
  long layers;
  long hits;
  long lates;
  long misses;
  long hostExperts;
  long stallNanos;
  long expertNanos;
  long demandCopies;
  long speculativeCopies;
  long copiedBytes;
  long copyNanos;
  long usedCopyNanos;
  long wastedBytes;
  long writeBacks;
  long writeBackBytes;
  long evictions;
  long cancelledRequests;
  long failedCopies;
  long retries;

  ScheduleStatistics snapshot() {
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
