package io.foregate.schedule;

import io.foregate.schedule.state.ExpertGrid;

/**
 * One copy that the scheduler wants made, of all or a part of an expert's record, between its start
 * ({@link Scheduler#nextCopy}) and its end ({@link Scheduler#copyDone} or {@link
 * Scheduler#copyFailed}). Reused.
 */
public final class CopyOrder {
  int expert;
  int slot;
  boolean writeBack;
  boolean speculative;
  boolean active;
  long start;
  long from;
  long bytes;

  CopyOrder() {}

  /** Number of the expert ({@link ExpertGrid}). */
  public int expert() {
    return expert;
  }

  /** The slot that is written; with {@link #writeBack}, read. */
  public int slot() {
    return slot;
  }

  /** Whether the expert goes from the slot back to the host. */
  public boolean writeBack() {
    return writeBack;
  }

  /** Whether the copy was started before their expert was due. */
  public boolean speculative() {
    return speculative;
  }

  /** Where in the expert's record the copy begins; a prefetch may be copied in several orders. */
  public long from() {
    return from;
  }

  /** Bytes to copy. */
  public long bytes() {
    return bytes;
  }
}
