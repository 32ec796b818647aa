package io.foregate.schedule.state;

/**
 * An exponentially weighted moving average. The first samples count equally, so that a wrong start
 * is soon forgotten, and one that is far off the rest counts as a moderate one: a thread that was
 * put aside for a while says little about the speed.
 */
public final class Average {
  private static final int WARM = 8;
  private static final double OUTLIER = 4;

  private final double weight;
  private double value;
  private int samples;

  /**
   * @param weight of a new sample
   * @param initial the value before the first one
   */
  public Average(double weight, double initial) {
    this.weight = weight;
    this.value = initial;
  }

  public void add(double sample) {
    if (samples < Integer.MAX_VALUE) {
      samples++;
    }
    double bounded = samples > WARM ? Math.min(sample, OUTLIER * value) : sample;
    value += Math.max(weight, 1.0 / samples) * (bounded - value);
  }

  public void add(long sample) {
    add((double) sample);
  }

  public double value() {
    return value;
  }

  public boolean known() {
    return value > 0;
  }
}
