package io.foregate.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.oracle.Evaluation.Candidate;
import io.foregate.oracle.Evaluation.Position;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final Precision PRECISION = Precision.FLOAT;
  private static final double FAR = 1;
  private static final double NEAR = PRECISION.nearTie() / 2;

  @Test
  void agreesWithinTheTolerance() {
    Comparison comparison = compare(position(0.6, 0.3), position(0.6009, 0.2991), FAR);

    assertThat(comparison.passed()).isTrue();
    assertThat(comparison.maxDifference()).isBetween(0.00089, 0.00091);
    assertThat(comparison.agreed()).isEqualTo(1);
    assertThat(comparison.decided()).isEqualTo(1);
  }

  @Test
  void failsBeyondTheTolerance() {
    Comparison comparison = compare(position(0.6, 0.3), position(0.61, 0.29), FAR);

    assertThat(comparison.passed()).isFalse();
    assertThat(comparison.failures())
        .anySatisfy(f -> assertThat(f).contains("position 0", "1.00e-02"));
  }

  @Test
  void failsIfMostPositionsAreOffByLessThanTheTolerance() {
    Comparison comparison =
        compare(
            replaceFirst(Collections.nCopies(3, position(0.6, 0.3)), position(0.602, 0.298)),
            Collections.nCopies(3, position(0.602, 0.298)),
            margins(3, FAR));

    assertThat(comparison.failures())
        .containsExactly("half of the positions differ by more than 2.00e-03");
  }

  @Test
  void excusesWhatARouterNearTieExplainsAndSaysSo() {
    Comparison comparison =
        compare(
            Collections.nCopies(40, position(0.6, 0.3)),
            replaceFirst(Collections.nCopies(40, position(0.6, 0.3)), position(0.7, 0.2)),
            margins(40, NEAR));

    assertThat(comparison.passed()).isTrue();
    assertThat(comparison.maxDifference()).isZero();
    assertThat(comparison.excused()).singleElement().asString().contains("position 0", "margin");
    assertThat(comparison.row()).contains("39/39");
  }

  @Test
  void doesNotExcuseWithoutANearTie() {
    assertThat(compare(position(0.6, 0.3), position(0.7, 0.2), PRECISION.nearTie()).passed())
        .isFalse();
  }

  @Test
  void doesNotExcuseManyPositions() {
    Comparison comparison =
        compare(
            Collections.nCopies(10, position(0.6, 0.3)),
            replaceFirst(Collections.nCopies(10, position(0.6, 0.3)), position(0.7, 0.2)),
            margins(10, NEAR));

    assertThat(comparison.failures())
        .containsExactly("1 of 10 positions would have to be excused as near-ties");
  }

  @Test
  void allowsADeepQuantizedModelAFewStragglersWithTheSameTopToken() {
    List<Position> reference = Collections.nCopies(200, position(0.6, 0.3));
    List<Position> own = new ArrayList<>(reference);
    own.set(3, position(0.55, 0.35));
    own.set(4, position(0.55, 0.35));
    assertThat(compareDeep(reference, own).failures()).isEmpty();
    assertThat(compareDeep(reference, own).excused()).hasSize(2);

    own.set(5, position(0.55, 0.35));
    assertThat(compareDeep(reference, own).failures()).hasSize(3);

    Position otherTop = new Position(7, List.of(new Candidate(2, 0.6), new Candidate(1, 0.3)));
    List<Position> other = replaceFirst(reference, otherTop);
    assertThat(compareDeep(reference, other).failures()).hasSize(1);
  }

  private static Comparison compareDeep(List<Position> reference, List<Position> own) {
    return Comparison.of(
        "deep",
        new Evaluation("deep", reference),
        new Evaluation("deep", own),
        margins(reference.size(), FAR),
        Precision.QUANTIZED_DEEP);
  }

  @Test
  void wantsTheSameTopTokenWhereTheReferenceHasDecided() {
    Position own = new Position(7, List.of(new Candidate(2, 0.452), new Candidate(1, 0.448)));

    assertThat(compare(position(0.452, 0.446), own, FAR).failures())
        .anySatisfy(f -> assertThat(f).contains("token 1 leads", "here token 2"));
    assertThat(compare(position(0.452, 0.4485), own, FAR).agreed()).isZero();
    assertThat(compare(position(0.452, 0.4485), own, FAR).decided()).isZero();
  }

  @Test
  void noticesAHighRankedTokenThatTheReferenceDoesNotList() {
    Position own =
        new Position(
            7, List.of(new Candidate(1, 0.6), new Candidate(2, 0.3), new Candidate(3, 0.31)));

    assertThat(compare(position(0.6, 0.3), own, FAR).maxDifference()).isBetween(0.0099, 0.0101);
  }

  @Test
  void failsOnNanAndOnMissingTokens() {
    assertThat(compare(position(0.6, 0.3), position(Double.NaN, 0.3), FAR).passed()).isFalse();
    Position incomplete = new Position(7, List.of(new Candidate(1, 0.6)));
    assertThat(compare(position(0.6, 0.3), incomplete, FAR).passed()).isFalse();
  }

  @Test
  void refusesEvaluationsOfOtherTokens() {
    assertThatThrownBy(
            () ->
                compare(
                    List.of(position(0.6, 0.3)),
                    List.of(new Position(8, position(0.6, 0.3).next())),
                    margins(1, FAR)))
        .hasMessageContaining("not of the same tokens");
  }

  private static Comparison compare(Position reference, Position own, double margin) {
    return compare(List.of(reference), List.of(own), margins(1, margin));
  }

  private static Comparison compare(
      List<Position> reference, List<Position> own, double[] margins) {
    return Comparison.of(
        "tiny", new Evaluation("tiny", reference), new Evaluation("tiny", own), margins, PRECISION);
  }

  private static Position position(double p1, double p2) {
    return new Position(7, List.of(new Candidate(1, p1), new Candidate(2, p2)));
  }

  private static List<Position> replaceFirst(List<Position> positions, Position first) {
    List<Position> copy = new ArrayList<>(positions);
    copy.set(0, first);
    return copy;
  }

  private static double[] margins(int count, double margin) {
    var margins = new double[count];
    Arrays.fill(margins, margin);
    return margins;
  }
}
