package io.foregate.schedule.state;

/**
 * What is known of the speeds before anything was measured; the {@link CostModel} goes on from
 * there. Zero: unknown.
 *
 * @param copyNanos one expert's copy to the device
 * @param expertNanos one expert on the device, for one token
 * @param hostExpertNanos one expert on the CPU, straight from host memory, for one token
 */
public record Timings(double copyNanos, double expertNanos, double hostExpertNanos) {
  public static final Timings UNKNOWN = new Timings(0, 0, 0);
}
