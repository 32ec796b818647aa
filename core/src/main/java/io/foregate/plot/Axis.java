package io.foregate.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One direction of a chart.
 *
 * @param label what it measures, with its unit
 * @param min where it begins; NaN for a round number at or below the smallest value
 * @param max where it ends; NaN for a round number at or above the largest value
 * @param logarithmic whether equal ratios are equally far apart; all values are then positive
 */
public record Axis(String label, double min, double max, boolean logarithmic) {
  private static final int TICKS = 6;

  /** A linear axis that fits the data. */
  public static Axis of(String label) {
    return new Axis(label, Double.NaN, Double.NaN, false);
  }

  /** A linear axis with given ends. */
  public static Axis of(String label, double min, double max) {
    return new Axis(label, min, max, false);
  }

  /** A logarithmic axis that fits the data. */
  public static Axis logarithmic(String label) {
    return new Axis(label, Double.NaN, Double.NaN, true);
  }

  /** The same axis with ends that hold the values, however few. */
  Axis fit(double smallest, double largest) {
    if (logarithmic) {
      double low = Double.isNaN(min) ? smallest : min;
      double high = Double.isNaN(max) ? largest : max;
      return new Axis(label, low, high > low ? high : low * 10, true);
    }
    double step = step(smallest, largest);
    double low = Double.isNaN(min) ? Math.floor(smallest / step) * step : min;
    double high = Double.isNaN(max) ? Math.ceil(largest / step) * step : max;
    return new Axis(label, low, high > low ? high : low + step, false);
  }

  /** Where {@code value} lies between the ends, 0 to 1. */
  double position(double value) {
    return logarithmic ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
  }

  /** Round values between the ends. */
  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (logarithmic) {
      for (double decade = Math.pow(10, Math.floor(Math.log10(min)));
          decade <= max * 1.0001;
          decade *= 10) {
        for (int digit : new int[] {1, 2, 5}) {
          addWithin(ticks, digit * decade);
        }
      }
      return ticks;
    }
    double step = step(min, max);
    for (long i = (long) Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  private void addWithin(List<Double> ticks, double value) {
    if (value >= min * 0.9999 && value <= max * 1.0001) {
      ticks.add(value);
    }
  }

  /** A tick's text: as many decimals as it needs, at most four. */
  static String text(double value) {
    String text = String.format(Locale.ROOT, "%.4f", value).replaceFirst("\\.?0+$", "");
    return text.equals("-0") ? "0" : text;
  }

  /** A step of 1, 2 or 5 times a power of ten. */
  private static double step(double low, double high) {
    double rough = Math.max(high - low, Math.max(Math.abs(high) * 1e-6, 1e-9)) / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double digits = rough / power;
    return power * (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10);
  }
}
