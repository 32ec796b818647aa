package io.foregate.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadLoopTest {

  /** A sample that had not read each line of the buffer would say so. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void readsAllOfItsBuffer(int threads) {
    try (var loop = new ReadLoop(threads, 4 << 20)) {
      assertThat(loop.bytes() % (threads << 20)).isZero();
      assertThat(loop.bytes()).isGreaterThanOrEqualTo(3 << 20);
      assertThat(loop.time()).isPositive();
      assertThat(loop.time()).isPositive();
    }
  }

  @Test
  void takesLongerForMore() {
    try (var little = new ReadLoop(1, 1 << 20);
        var much = new ReadLoop(1, 256 << 20)) {
      assertThat(much.bytes()).isEqualTo(256 * little.bytes());
      little.time();
      much.time();
      assertThat(much.time()).isGreaterThan(little.time());
    }
  }
}
