package io.foregate.schedule.state;

import io.foregate.error.ForegateException;

/** How often the copy of each expert has failed, and what follows from it. */
public final class Failures {
  /** How often a copy of an expert that is due is tried. */
  public static final int ATTEMPTS = 3;

  /** After this many failures an expert is not prefetched again until it was due. */
  private static final int PREFETCH_ATTEMPTS = 2;

  private final ExpertGrid grid;
  private final byte[] failures;
  private final boolean[] barred;
  private Throwable cause;
  private int expert = ExpertCache.NONE;

  public Failures(ExpertGrid grid) {
    this.grid = grid;
    failures = new byte[grid.total()];
    barred = new boolean[grid.total()];
  }

  /** By number: experts that must not be prefetched. */
  public boolean[] barred() {
    return barred;
  }

  /** Whether the last copy of an expert failed. */
  public boolean retries(int id) {
    return failures[id] > 0;
  }

  public void copied(int id) {
    failures[id] = 0;
    barred[id] = false;
  }

  /** An expert falls due: it is tried as if it had never failed. */
  public void fallDue(int id) {
    failures[id] = 0;
  }

  /**
   * A copy has failed.
   *
   * @param due whether the expert is due: then it fails for good after {@link #ATTEMPTS}
   */
  public void failed(int id, boolean due, Throwable why) {
    failures[id]++;
    barred[id] = failures[id] >= PREFETCH_ATTEMPTS;
    if (due && failures[id] >= ATTEMPTS) {
      cause = why;
      expert = id;
    }
  }

  /** Whether an expert that is due cannot be had. */
  public boolean fatal() {
    return cause != null;
  }

  /** The error that says so. */
  public ForegateException unavailable() {
    return new ForegateException(
        "Expert %d of layer %d could not be copied to the device in %d attempts: %s"
            .formatted(grid.expert(expert), grid.layer(expert), ATTEMPTS, cause.getMessage()),
        "The expert store or the device is failing; what was generated so far is right.",
        cause);
  }

  /** The batch is given up: what was due is no more. */
  public void forget() {
    cause = null;
  }
}
