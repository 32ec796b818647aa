package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.gguf.GgmlType;
import io.foregate.store.ExpertShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The measurement measures; how much is hidden depends on the machine. */
class OverlapProbeTest {
  private static final GgmlType TYPE = GgmlType.Q4_K;

  @ParameterizedTest
  @ValueSource(strings = {"enqueue", "transfers", "synchronous"})
  void timesCopiesAloneAndBesideKernels(String engine) {
    var shape = new ExpertShape(512, 1024, TYPE, TYPE, TYPE);
    OverlapProbe.Overlap found = new OverlapProbe(shape, 3, 2).measure(engine);
    assertThat(found.engine()).isEqualTo(engine);
    assertThat(found.bytes()).isEqualTo(3 * new PlaneLayout().recordBytes(shape));
    assertThat(found.rounds())
        .hasSize(2)
        .allSatisfy(
            r -> {
              assertThat(r.copy()).isPositive();
              assertThat(r.kernel()).isPositive();
              assertThat(r.together()).isPositive();
            });
  }

  @Test
  void hiddenIsTheShareOfCopiesThatNobodyWaitedFor() {
    assertThat(new OverlapProbe.Round(100, 125, 125).hidden()).isEqualTo(1);
    assertThat(new OverlapProbe.Round(100, 125, 145).hidden()).isCloseTo(0.8, within(1e-9));
    assertThat(new OverlapProbe.Round(100, 125, 225).hidden()).isEqualTo(0);
  }
}
