package io.foregate.schedule.state;

/**
 * How much of each loading expert has arrived. A prefetch is copied in parts, so that an expert
 * that is missing does not wait for all of it; between parts it is paused.
 */
public final class InFlightCopies {
  private final long[] arrived;
  private final long[] nanos;
  private final boolean[] flying;
  private final int[] paused;
  private int pausedCount;
  private int flyingCount;
  private long departures;

  /**
   * @param most loading experts at a time
   */
  public InFlightCopies(ExpertGrid grid, int most) {
    arrived = new long[grid.total()];
    nanos = new long[grid.total()];
    flying = new boolean[grid.total()];
    paused = new int[most];
  }

  /** Nothing has arrived of an expert yet. */
  public void begin(int id) {
    arrived[id] = 0;
    nanos[id] = 0;
  }

  /** A part of an expert is on its way. */
  public void depart(int id) {
    departures++;
    if (!flying[id]) {
      flying[id] = true;
      flyingCount++;
    }
    for (int i = 0; i < pausedCount; i++) {
      if (paused[i] == id) {
        paused[i] = paused[--pausedCount];
        return;
      }
    }
  }

  /** A part has arrived, after {@code time} nanoseconds. */
  public void arrive(int id, long bytes, long time) {
    arrived[id] += bytes;
    nanos[id] += time;
    land(id);
  }

  /** More of an expert is to come, later. */
  public void pause(int id) {
    paused[pausedCount++] = id;
  }

  /** A paused or flying expert is given up; what has arrived of it is worthless. */
  public void giveUp(int id) {
    depart(id);
    land(id);
  }

  private void land(int id) {
    if (flying[id]) {
      flying[id] = false;
      flyingCount--;
    }
  }

  /** Whether any part of an expert is on its way. */
  public boolean any() {
    return flyingCount > 0;
  }

  /** How many parts have set off so far: whether one did between two moments. */
  public long departures() {
    return departures;
  }

  /** Bytes that have arrived. */
  public long bytes(int id) {
    return arrived[id];
  }

  /** Nanoseconds that copying them has taken. */
  public long nanos(int id) {
    return nanos[id];
  }

  public boolean contains(int id) {
    return flying[id];
  }

  /** How many experts are paused. */
  public int pausedCount() {
    return pausedCount;
  }

  public int paused(int index) {
    return paused[index];
  }
}
