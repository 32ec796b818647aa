package io.foregate.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.GenerationStats;
import org.junit.jupiter.api.Test;

class DiskReadsTest {
  private static GenerationStats stats(int tokens, long faults) {
    return new GenerationStats(3, 0.1, tokens, 1, 0.2, faults);
  }

  @Test
  void manyFaultsPerTokenAreWeights() {
    assertThat(DiskReads.isSlowed(stats(10, 320))).isTrue();
    assertThat(DiskReads.isSlowed(stats(10, 319))).isFalse();
  }

  @Test
  void whatTheJvmLoadsIsNone() {
    assertThat(DiskReads.isSlowed(stats(0, 0))).isFalse();
    assertThat(DiskReads.isSlowed(stats(1, 120))).isFalse();
    assertThat(DiskReads.isSlowed(stats(100, -1))).isFalse();
  }

  @Test
  void theSentenceSaysHowMuchAndWhatToDo() {
    assertThat(DiskReads.sentence(stats(10, 5000), 40L << 30, 16L << 30))
        .contains("500 page faults per token", "40", "16", "quantization", "--store file");
  }
}
