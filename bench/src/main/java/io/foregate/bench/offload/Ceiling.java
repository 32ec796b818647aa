package io.foregate.bench.offload;

import io.foregate.bench.measure.Report;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether {@code resident} is the ceiling that it is called. It reads the same weights as the other
 * policies and waits for no copy: where one of them is faster by more than chance, something else
 * was measured, such as a disk.
 */
final class Ceiling {
  private Ceiling() {}

  /**
   * Why a cell must not be kept, as a sentence: the median of {@code resident} is slower than that
   * of the best policy by more than either's samples spread.
   */
  static Optional<String> broken(
      OffloadCell.PolicyResult resident, List<OffloadCell.PolicyResult> policies) {
    OffloadCell.PolicyResult best =
        policies.stream().min(Comparator.comparingDouble(p -> median(p.nanos()))).orElseThrow();
    double gap = median(resident.nanos()) - median(best.nanos());
    long spread = Math.max(spread(resident.nanos()), spread(best.nanos()));
    if (gap <= spread) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "resident (%.2f tok/s) is slower than %s (%.2f tok/s), by %.1f ms per sample where"
                + " samples spread by %.1f ms: its weights were not in memory, or the machine did"
                + " something else.",
            resident.tokensPerSecond(),
            best.policy(),
            best.tokensPerSecond(),
            gap / 1e6,
            spread / 1e6));
  }

  private static double median(List<Long> nanos) {
    return Report.median(nanos.stream().mapToDouble(Long::doubleValue));
  }

  private static long spread(List<Long> nanos) {
    return Collections.max(nanos) - Collections.min(nanos);
  }
}
