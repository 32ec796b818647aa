package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgmlTypeTest {
  @ParameterizedTest
  @EnumSource
  void isFoundByItsId(GgmlType type) {
    assertThat(GgmlType.find(type.id())).contains(type);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 4, 5, 31, 38, 1000, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void doesNotInventTypes(int id) {
    assertThat(GgmlType.find(id)).isEmpty();
  }

  /** The sizes per weight that the literature gives for ggml's formats. */
  @Test
  void takesTheKnownBitsPerWeight() {
    assertThat(bitsPerWeight(GgmlType.Q4_0)).isEqualTo(4.5);
    assertThat(bitsPerWeight(GgmlType.Q8_0)).isEqualTo(8.5);
    assertThat(bitsPerWeight(GgmlType.Q2_K)).isEqualTo(2.625);
    assertThat(bitsPerWeight(GgmlType.Q3_K)).isEqualTo(3.4375);
    assertThat(bitsPerWeight(GgmlType.Q4_K)).isEqualTo(4.5);
    assertThat(bitsPerWeight(GgmlType.Q5_K)).isEqualTo(5.5);
    assertThat(bitsPerWeight(GgmlType.Q6_K)).isEqualTo(6.5625);
    assertThat(bitsPerWeight(GgmlType.IQ2_XXS)).isEqualTo(2.0625);
    assertThat(bitsPerWeight(GgmlType.IQ1_S)).isEqualTo(1.5625);
    assertThat(bitsPerWeight(GgmlType.IQ4_XS)).isEqualTo(4.25);
    assertThat(bitsPerWeight(GgmlType.MXFP4)).isEqualTo(4.25);
    assertThat(bitsPerWeight(GgmlType.TQ2_0)).isEqualTo(2.0625);
    assertThat(Arrays.stream(GgmlType.values()).filter(type -> !type.isQuantized()))
        .containsExactlyInAnyOrder(
            GgmlType.F32,
            GgmlType.F16,
            GgmlType.BF16,
            GgmlType.F64,
            GgmlType.I8,
            GgmlType.I16,
            GgmlType.I32,
            GgmlType.I64);
  }

  private static double bitsPerWeight(GgmlType type) {
    return 8.0 * type.byteSize(256) / 256;
  }

  @Test
  void countsWholeBlocksOnly() {
    assertThat(GgmlType.Q8_0.byteSize(0)).isZero();
    assertThatThrownBy(() -> GgmlType.Q8_0.byteSize(33)).hasMessageContainingAll("33", "32");
    assertThatThrownBy(() -> GgmlType.F32.byteSize(-4)).hasMessageContaining("-4");
    assertThatThrownBy(() -> GgmlType.F32.byteSize(Long.MAX_VALUE))
        .isInstanceOf(ArithmeticException.class);
  }
}
