package io.foregate.plot;

import java.util.List;

/** Charts one below the other, in one document: what belongs together is looked at together. */
public record ChartColumn(List<LineChart> charts) {
  public ChartColumn {
    charts = List.copyOf(charts);
  }

  /** An SVG document that scales. */
  public String svg() {
    int width = LineChart.WIDTH;
    int height = LineChart.HEIGHT;
    var out = new StringBuilder();
    out.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">\n"
            .formatted(width, height * charts.size()));
    for (int i = 0; i < charts.size(); i++) {
      out.append(
          charts
              .get(i)
              .svg(" y=\"%d\" width=\"%d\" height=\"%d\"".formatted(i * height, width, height)));
    }
    return out.append("</svg>\n").toString();
  }
}
