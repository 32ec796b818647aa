package io.foregate.plot;

/**
 * One line of a chart.
 *
 * @param name what the legend calls it
 * @param x ascending
 * @param y as many; NaN leaves a gap
 */
public record Series(String name, double[] x, double[] y) {
  public Series {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "series %s has %d x and %d y".formatted(name, x.length, y.length));
    }
    x = x.clone();
    y = y.clone();
  }
}
