package io.foregate.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.util.Collections;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class LineChartTest {
  private static final Series LINE =
      new Series("a <b> & c", new double[] {0, 1, 2, 3}, new double[] {0, 0.5, Double.NaN, 1});

  @Test
  void isAWellFormedDocumentWithEveryPoint() throws Exception {
    Document document = parse(chart(LINE).svg());
    assertThat(document.getElementsByTagName("circle").getLength()).isEqualTo(3);
    assertThat(document.getDocumentElement().getTextContent())
        .contains("Title", "a <b> & c", "distance", "recall");
  }

  @Test
  void pointsLieWhereTheAxesSay() throws Exception {
    var circles = parse(chart(LINE).svg()).getElementsByTagName("circle");
    double first = number(circles.item(0), "cx");
    double second = number(circles.item(1), "cx");
    double last = number(circles.item(2), "cx");
    assertThat(last - first).isCloseTo(3 * (second - first), within(0.3));
    double bottom = number(circles.item(0), "cy");
    double middle = number(circles.item(1), "cy");
    double top = number(circles.item(2), "cy");
    assertThat(bottom - top).isCloseTo(2 * (bottom - middle), within(0.3)).isPositive();
  }

  @Test
  void chartsOfAColumnStandBelowEachOther() throws Exception {
    Document column = parse(new ChartColumn(List.of(chart(LINE), chart(LINE), chart(LINE))).svg());
    assertThat(column.getDocumentElement().getAttribute("viewBox")).isEqualTo("0 0 720 1200");
    var charts = column.getDocumentElement().getElementsByTagName("svg");
    assertThat(charts.getLength()).isEqualTo(3);
    assertThat(((Element) charts.item(2)).getAttribute("y")).isEqualTo("800");
    assertThat(column.getElementsByTagName("circle").getLength()).isEqualTo(9);
  }

  @Test
  void anUnknownValueBreaksTheLine() {
    assertThat(chart(LINE).svg()).containsPattern("d=\"M[0-9. ]+L[0-9. ]+M[0-9. ]+\"");
  }

  @Test
  void logarithmicAxesGiveEqualRoomToEqualRatios() {
    Axis axis = Axis.logarithmic("GB/s").fit(1, 100);
    assertThat(axis.position(10)).isCloseTo(0.5, within(1e-12));
    assertThat(axis.ticks()).containsExactly(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0);
  }

  @Test
  void ticksAreRoundAndWithinTheEnds() {
    assertThat(Axis.of("recall", 0, 1).fit(0.3, 0.8).ticks()).startsWith(0.0).hasSize(6);
    assertThat(Axis.of("x").fit(7, 7).ticks()).isNotEmpty();
    assertThat(Axis.text(0.25)).isEqualTo("0.25");
    assertThat(Axis.text(20)).isEqualTo("20");
    assertThat(Axis.text(-0.0)).isEqualTo("0");
  }

  @Test
  void refusesMoreLinesThanCanBeToldApart() {
    assertThatThrownBy(
            () ->
                new LineChart(
                    "",
                    Axis.of(""),
                    Axis.of(""),
                    Collections.nCopies(LineChart.MAX_LINES + 1, LINE),
                    false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("11");
  }

  private static LineChart chart(Series line) {
    return new LineChart(
        "Title", Axis.of("distance", 0, 3), Axis.of("recall", 0, 1), List.of(line), true);
  }

  private static double number(org.w3c.dom.Node node, String attribute) {
    return Double.parseDouble(((Element) node).getAttribute(attribute));
  }

  private static Document parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }
}
