package io.foregate.schedule.sim;

import io.foregate.schedule.state.ScheduleStatistics;

/**
 * What one policy did with a trace, warm-up left out.
 *
 * @param tokens tokens decoded
 * @param nanos virtual time they took; {@code computeNanos} and stalls together
 * @param computeNanos the part in which the device or the CPU worked
 * @param statistics what the scheduler counted
 */
public record SimulatedRun(
    int tokens, long nanos, long computeNanos, ScheduleStatistics statistics) {

  /** Decode speed. */
  public double tokensPerSecond() {
    return tokens * 1e9 / nanos;
  }
}
