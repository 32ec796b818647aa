package io.foregate.bench.offload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CeilingTest {
  private static OffloadCell.PolicyResult result(String policy, Long... millis) {
    List<Long> nanos = List.of(millis).stream().map(ms -> ms * 1_000_000).toList();
    return new OffloadCell.PolicyResult(policy, 0, nanos, 1, List.of(), nanos, 1);
  }

  @Test
  void theFastestOfAllIsTheCeiling() {
    assertThat(
            Ceiling.broken(
                result("resident", 50L, 51L, 49L),
                List.of(result("lru", 90L, 80L, 85L), result("oracle", 50L, 52L, 51L))))
        .isEmpty();
  }

  @Test
  void whatIsWithinTheSpreadIsChance() {
    var resident = result("resident", 55L, 56L, 54L);
    assertThat(Ceiling.broken(resident, List.of(result("oracle", 48L, 50L, 53L)))).isEmpty();
    // The resident's own spread counts as well.
    assertThat(
            Ceiling.broken(
                result("resident", 50L, 56L, 58L), List.of(result("oracle", 50L, 50L, 50L))))
        .isEmpty();
  }

  @Test
  void aPolicyAboveItIsTold() {
    assertThat(
            Ceiling.broken(
                result("resident", 130L, 128L, 131L),
                List.of(result("lru", 90L, 80L, 85L), result("oracle", 50L, 52L, 51L))))
        .hasValueSatisfying(
            sentence ->
                assertThat(sentence).contains("resident", "oracle", "by 79.0 ms", "by 3.0 ms"));
  }
}
