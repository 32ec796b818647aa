package io.foregate.plot;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * A line chart. The same data give the same characters.
 *
 * @param title above the chart
 * @param lines at most {@value #MAX_LINES}, in the legend's order
 * @param markers whether every point is marked
 */
public record LineChart(String title, Axis x, Axis y, List<Series> lines, boolean markers) {
  /** As many lines as there are colours that can be told apart. */
  public static final int MAX_LINES = 10;

  /** Okabe and Ito's palette (colour-blind safe), twice: the second time dashed. */
  private static final String[] COLOURS = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"};

  static final int WIDTH = 720;
  static final int HEIGHT = 400;
  private static final int LEFT = 64;
  private static final int RIGHT = 190;
  private static final int TOP = 36;
  private static final int BOTTOM = 48;

  public LineChart {
    lines = List.copyOf(lines);
    if (lines.size() > MAX_LINES) {
      throw new IllegalArgumentException(
          "%d lines, expected at most %d".formatted(lines.size(), MAX_LINES));
    }
  }

  /** The chart as an SVG document that scales, of {@value #WIDTH} by {@value #HEIGHT} units. */
  public String svg() {
    return svg("");
  }

  /**
   * @param place attributes that say where in another document it stands
   */
  String svg(String place) {
    var horizontal = x.fit(smallest(true), largest(true));
    var vertical = y.fit(smallest(false), largest(false));
    var out = new StringBuilder();
    out.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg"%s viewBox="0 0 %d %d" font-family="sans-serif" \
        font-size="12">
        <rect width="%d" height="%d" fill="#ffffff"/>
        <text x="%d" y="20" font-size="14" font-weight="bold">%s</text>
        """
            .formatted(place, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, escape(title)));
    drawGrid(out, horizontal, vertical);
    for (int i = 0; i < lines.size(); i++) {
      drawLine(out, i, horizontal, vertical);
    }
    return out.append("</svg>\n").toString();
  }

  private void drawGrid(StringBuilder out, Axis horizontal, Axis vertical) {
    for (double tick : vertical.ticks()) {
      double at = pixelY(vertical, tick);
      out.append(
          """
          <path d="M%d %sH%d" stroke="#dddddd"/><text x="%d" y="%s" text-anchor="end">%s</text>
          """
              .formatted(
                  LEFT, number(at), WIDTH - RIGHT, LEFT - 6, number(at + 4), Axis.text(tick)));
    }
    for (double tick : horizontal.ticks()) {
      double at = pixelX(horizontal, tick);
      out.append(
          """
          <path d="M%s %dv5" stroke="#444444"/><text x="%s" y="%d" text-anchor="middle">%s</text>
          """
              .formatted(
                  number(at), HEIGHT - BOTTOM, number(at), HEIGHT - BOTTOM + 18, Axis.text(tick)));
    }
    int middleX = (LEFT + WIDTH - RIGHT) / 2;
    int middleY = (TOP + HEIGHT - BOTTOM) / 2;
    out.append(
        """
        <path d="M%d %dV%dH%d" fill="none" stroke="#444444"/>
        <text x="%d" y="%d" text-anchor="middle">%s</text>
        <text transform="translate(16 %d) rotate(-90)" text-anchor="middle">%s</text>
        """
            .formatted(
                LEFT,
                TOP,
                HEIGHT - BOTTOM,
                WIDTH - RIGHT,
                middleX,
                HEIGHT - 10,
                escape(horizontal.label()),
                middleY,
                escape(vertical.label())));
  }

  private void drawLine(StringBuilder out, int index, Axis horizontal, Axis vertical) {
    Series line = lines.get(index);
    String colour = COLOURS[index % COLOURS.length];
    String dash = index < COLOURS.length ? "" : " stroke-dasharray=\"6 4\"";
    var path = new StringBuilder();
    var marks = new StringBuilder();
    boolean begun = false;
    for (int i = 0; i < line.x().length; i++) {
      double value = line.y()[i];
      if (Double.isNaN(value)) {
        begun = false;
        continue;
      }
      String px = number(pixelX(horizontal, line.x()[i]));
      String py = number(pixelY(vertical, value));
      path.append(begun ? "L" : "M").append(px).append(' ').append(py);
      begun = true;
      if (markers) {
        marks.append("<circle cx=\"%s\" cy=\"%s\" r=\"3\" fill=\"%s\"/>".formatted(px, py, colour));
      }
    }
    int legend = TOP + 12 + 20 * index;
    out.append(
        """
        <path d="%s" fill="none" stroke="%s" stroke-width="2"%s/>%s
        <path d="M%d %dh22" stroke="%s" stroke-width="2"%s/><text x="%d" y="%d">%s</text>
        """
            .formatted(
                path,
                colour,
                dash,
                marks,
                WIDTH - RIGHT + 14,
                legend,
                colour,
                dash,
                WIDTH - RIGHT + 42,
                legend + 4,
                escape(line.name())));
  }

  private double smallest(boolean alongX) {
    return values(alongX).min().orElse(0);
  }

  private double largest(boolean alongX) {
    return values(alongX).max().orElse(1);
  }

  private DoubleStream values(boolean alongX) {
    return lines.stream()
        .flatMapToDouble(line -> Arrays.stream(alongX ? line.x() : line.y()))
        .filter(Double::isFinite);
  }

  private static double pixelX(Axis axis, double value) {
    return LEFT + axis.position(value) * (WIDTH - RIGHT - LEFT);
  }

  private static double pixelY(Axis axis, double value) {
    return HEIGHT - BOTTOM - axis.position(value) * (HEIGHT - BOTTOM - TOP);
  }

  private static String number(double pixels) {
    return String.format(Locale.ROOT, "%.1f", pixels);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
