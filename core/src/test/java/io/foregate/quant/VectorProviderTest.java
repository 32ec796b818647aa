package io.foregate.quant;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VectorProviderTest {
  @Test
  void theVectorApiIsTakenWhereItIs() {
    VectorProvider auto = VectorProvider.choose("auto");
    assertThat(auto.kernels())
        .isInstanceOf(
            Lanes.PREFERRED_BITS >= Lanes.MIN_BITS ? PanamaKernels.class : ScalarKernels.class);
    assertThat(auto.reason()).contains("bit");
  }

  @Test
  void scalarCanBeForced() {
    VectorProvider scalar = VectorProvider.choose("Scalar");
    assertThat(scalar.kernels()).isInstanceOf(ScalarKernels.class);
    assertThat(scalar.reason()).isEqualTo("scalar: foregate.vector=scalar");
  }

  @Test
  void aValueThatIsNoneIsNamed() {
    assertThat(VectorProvider.choose("simd").reason())
        .contains("foregate.vector=simd is none of auto, scalar, panama");
  }

  @Test
  void theChoiceIsMadeOnce() {
    assertThat(VectorProvider.get()).isSameAs(VectorProvider.get());
    assertThat(VectorProvider.get().reason()).isNotBlank();
  }
}
