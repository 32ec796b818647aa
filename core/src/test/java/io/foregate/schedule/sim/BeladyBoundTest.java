package io.foregate.schedule.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gate.trace.RandomTraces;
import io.foregate.gate.trace.RoutingTrace;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BeladyBoundTest {
  private static final int IMPOSSIBLE = 1 << 20;

  @Property(tries = 300)
  void isWhatTryingEverythingFinds(
      @ForAll @IntRange(min = 1, max = 2) int layers,
      @ForAll @IntRange(min = 2, max = 4) int experts,
      @ForAll @IntRange(min = 1, max = 3) int usedAtMost,
      @ForAll @IntRange(min = 1, max = 7) int tokens,
      @ForAll @IntRange(min = 1, max = 5) int slots,
      @ForAll @IntRange(min = 0, max = 3) int warmUp,
      @ForAll long seed) {
    int used = Math.min(usedAtMost, experts);
    int from = Math.min(warmUp, tokens - 1);
    RoutingTrace trace =
        RandomTraces.of(experts, 1, RandomTraces.choices(tokens, layers, experts, used, seed));
    assertThat(BeladyBound.copies(trace, from, slots)).isEqualTo(fewestCopies(trace, from, slots));
  }

  @Test
  void countsByHand() {
    // Three experts in turn: LRU would always miss; keeping two of them misses the third.
    int[][][] choices = new int[9][1][1];
    for (int t = 0; t < choices.length; t++) {
      choices[t][0][0] = t % 3;
    }
    RoutingTrace trace = RandomTraces.of(3, 1, choices);
    assertThat(BeladyBound.copies(trace, 0, 3)).isZero();
    assertThat(BeladyBound.copies(trace, 0, 2)).isEqualTo(3);
    assertThat(BeladyBound.copies(trace, 0, 1)).isEqualTo(6);
  }

  /** Dynamic programming over all contents of the cache. */
  private static long fewestCopies(RoutingTrace trace, int from, int slots) {
    int experts = trace.header().experts();
    int total = trace.header().layers() * experts;
    int[] cost = new int[1 << total];
    for (int state = 0; state < cost.length; state++) {
      cost[state] = Integer.bitCount(state) <= slots ? 0 : IMPOSSIBLE;
    }
    for (int t = from; t < trace.tokens(); t++) {
      for (int layer = 0; layer < trace.header().layers(); layer++) {
        int due = 0;
        for (int rank = 0; rank < trace.header().used(); rank++) {
          due |= 1 << (layer * experts + trace.expert(t, layer, rank));
        }
        cost = afterLayer(cost, due, slots);
      }
    }
    return Arrays.stream(cost).min().orElseThrow();
  }

  /** Any of the contents and the due experts may stay; what was absent has been copied. */
  private static int[] afterLayer(int[] before, int due, int slots) {
    int[] after = new int[before.length];
    Arrays.fill(after, IMPOSSIBLE);
    for (int state = 0; state < before.length; state++) {
      int copies = Integer.bitCount(due & ~state);
      for (int kept = 0; kept < after.length; kept++) {
        boolean possible = (kept & ~(state | due)) == 0 && Integer.bitCount(kept) <= slots;
        if (possible) {
          after[kept] = Math.min(after[kept], before[state] + copies);
        }
      }
    }
    return after;
  }
}
