package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.foregate.assembly.CpuFeatures;
import io.foregate.quant.assembled.function.InstructionSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VectorProviderTest {
  private static final CpuFeatures HERE = CpuFeatures.detect();
  private static final CpuFeatures OLD = new CpuFeatures(Set.of());

  @Test
  void machineCodeIsTakenWhereTheCpuHasWhatItNeeds() {
    List<InstructionSet> sets = InstructionSet.of(HERE);
    assumeThat(sets).isNotEmpty();
    for (String wish : List.of("auto", "assembled")) {
      VectorProvider chosen = VectorProvider.choose(wish, HERE);
      assertThat(chosen.kernels()).isInstanceOf(AssembledKernels.class);
      assertThat(chosen.reason()).startsWith("assembled, " + sets.getFirst());
    }
  }

  @Test
  void eachInstructionSetCanBeForced() {
    for (InstructionSet set : InstructionSet.of(HERE)) {
      VectorProvider forced = VectorProvider.choose(set.name().toLowerCase(Locale.ROOT), HERE);
      assertThat(forced.reason()).isEqualTo("assembled, " + set);
    }
  }

  @Test
  void oneThatTheCpuLacksIsNamed() {
    assertThat(VectorProvider.choose("avx2", OLD).reason())
        .contains("foregate.vector=avx2 is nothing that this CPU has; here are auto");
  }

  @Test
  void theVectorApiIsTakenWhereMachineCodeIsNot() {
    VectorProvider auto = VectorProvider.choose("auto", OLD);
    assertThat(auto.kernels())
        .isInstanceOf(
            Lanes.PREFERRED_BITS >= Lanes.MIN_BITS ? PanamaKernels.class : ScalarKernels.class);
    assertThat(auto.reason()).contains("bit").contains("no machine code is written for this CPU");
  }

  @Test
  void theVectorApiCanBeForced() {
    VectorProvider panama = VectorProvider.choose("panama", HERE);
    assertThat(panama.kernels()).isNotInstanceOf(AssembledKernels.class);
    assertThat(panama.reason()).doesNotContain("machine code");
  }

  @Test
  void scalarCanBeForced() {
    VectorProvider scalar = VectorProvider.choose("Scalar", HERE);
    assertThat(scalar.kernels()).isInstanceOf(ScalarKernels.class);
    assertThat(scalar.reason()).isEqualTo("scalar: foregate.vector=scalar");
  }

  @Test
  void aValueThatIsNoneIsNamed() {
    assertThat(VectorProvider.choose("simd", HERE).reason())
        .contains("foregate.vector=simd is none of auto, assembled, panama, scalar");
  }

  @Test
  void theChoiceIsMadeOnce() {
    assertThat(VectorProvider.get()).isSameAs(VectorProvider.get());
    assertThat(VectorProvider.get().reason()).isNotBlank();
  }
}
