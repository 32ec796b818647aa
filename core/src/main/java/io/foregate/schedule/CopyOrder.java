package io.foregate.schedule;

/**
 * One copy that the scheduler wants made, between its start ({@link Scheduler#nextCopy}) and its
 * end ({@link Scheduler#copyDone} or {@link Scheduler#copyFailed}). Reused.
 */
public final class CopyOrder {
  int expert;
  int slot;
  boolean writeBack;
  boolean speculative;
  boolean active;
  long start;
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

  /** Whether the copy was started on a guess. */
  public boolean speculative() {
    return speculative;
  }

  /** Bytes to copy. */
  public long bytes() {
    return bytes;
  }
}
