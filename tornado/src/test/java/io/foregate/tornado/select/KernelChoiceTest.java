package io.foregate.tornado.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.gguf.GgmlType;
import io.foregate.model.ActivationFunction;
import io.foregate.store.layout.ExpertShape;
import io.foregate.tornado.device.Devices;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.products.KernelSet;
import io.foregate.tornado.products.MatMulVariant;
import io.foregate.tornado.products.MatVecVariant;
import io.foregate.tornado.select.VariantChoice.Outcome;
import io.foregate.tornado.weights.AttentionBlocks;
import io.foregate.tornado.weights.FeedForwardTypes;
import io.foregate.tornado.weights.LayerTypes;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Which variant of the kernels is taken, and that one which computes something else never is. */
class KernelChoiceTest {
  private static final LayerTypes TYPES =
      new LayerTypes(
          GgmlType.Q4_K.id(),
          GgmlType.Q8_0.id(),
          GgmlType.F16.id(),
          GgmlType.F32.id(),
          AttentionBlocks.NONE,
          Optional.empty(),
          FeedForwardTypes.dense(
              new ExpertShape(256, 256, GgmlType.Q4_0, GgmlType.Q4_0, GgmlType.Q6_K),
              ActivationFunction.SILU));

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  private static Outcome outcome(double micros, float... numbers) {
    return new Outcome(List.of(FloatArray.fromArray(numbers)), micros);
  }

  /** A layer on which each variant gives what is told. */
  private static VariantChoice.Run<MatVecVariant> layer(
      Outcome portable, Outcome warps, Outcome int8) {
    return variant ->
        switch (variant) {
          case PORTABLE -> portable;
          case WARPS -> warps;
          case INT8 -> int8;
        };
  }

  @Test
  void theFastestThatAgreesIsTaken() {
    VariantChoice.Run<MatVecVariant> layer =
        layer(outcome(100, 1, 2), outcome(60, 1, 2.0001f), outcome(40, 1.01f, 2));
    VariantChoice<MatVecVariant> choice =
        VariantChoice.among(MatVecVariant.values(), List.of(layer, layer));
    assertThat(choice.variant()).isEqualTo(MatVecVariant.INT8);
    assertThat(choice.reasons()).hasSize(2).allMatch(reason -> reason.contains("agrees"));
  }

  @Test
  void oneThatIsWrongInOneLayerIsNot() {
    VariantChoice.Run<MatVecVariant> good =
        layer(outcome(100, 1, 2), outcome(60, 1, 2), outcome(40, 1, 2));
    VariantChoice.Run<MatVecVariant> bad =
        layer(outcome(100, 1, 2), outcome(60, 1, 2), outcome(40, 1, 2.2f));
    VariantChoice<MatVecVariant> choice =
        VariantChoice.among(MatVecVariant.values(), List.of(good, bad));
    assertThat(choice.variant()).isEqualTo(MatVecVariant.WARPS);
    assertThat(choice.reasons()).anyMatch(r -> r.startsWith("int8 gives wrong numbers"));
  }

  @Test
  void norOneThatIsSlowerOrGivesNoNumbersOrDoesNotRun() {
    Outcome portable = outcome(100, 1, 2);
    Outcome nothing = outcome(1, 1, Float.NaN);
    VariantChoice<MatVecVariant> choice =
        VariantChoice.among(
            MatVecVariant.values(), List.of(layer(portable, outcome(120, 1, 2), nothing)));
    assertThat(choice.variant()).isEqualTo(MatVecVariant.PORTABLE);
    VariantChoice<MatVecVariant> failing =
        VariantChoice.among(
            MatVecVariant.values(),
            List.of(
                variant -> {
                  if (variant != MatVecVariant.PORTABLE) {
                    throw new IllegalStateException("no such instruction");
                  }
                  return portable;
                }));
    assertThat(failing.variant()).isEqualTo(MatVecVariant.PORTABLE);
    assertThat(failing.reasons()).allMatch(r -> r.contains("does not run: no such instruction"));
  }

  /** OpenCL has no shuffles, and TornadoVM does not say so: what the self-test is for. */
  @Test
  void warpsWithoutShufflesAreRejectedOnTheDeviceItself() {
    assumeTrue(Devices.preferred().getTornadoVMBackend() == TornadoVMBackendType.OPENCL);
    VariantChoice<MatVecVariant> choice =
        VariantChoice.among(MatVecVariant.values(), List.of(new MatVecTrial(TYPES)::run));
    assertThat(choice.variant()).isEqualTo(MatVecVariant.PORTABLE);
    assertThat(choice.reasons())
        .satisfiesExactly(
            warps -> assertThat(warps).startsWith("warps gives wrong numbers"),
            int8 -> assertThat(int8).startsWith("int8 does not run").contains("DP4A"));
  }

  @Test
  void onOpenClNothingElseIsTried() {
    assumeTrue(Devices.preferred().getTornadoVMBackend() == TornadoVMBackendType.OPENCL);
    assertThat(KernelChoice.of(Devices.preferred(), List.of(TYPES)).variants())
        .isEqualTo(KernelSet.PORTABLE);
    VariantChoice<MatMulVariant> choice =
        KernelChoice.of(
            MatMulVariant.values(),
            TornadoVMBackendType.OPENCL,
            Stream.of(variant -> fail("tried " + variant)));
    assertThat(choice.variant()).isEqualTo(MatMulVariant.PORTABLE);
    assertThat(choice.reasons())
        .containsExactly("TornadoVM has no warps and no tensor cores on OPENCL");
  }

  /** As for warps: where there are none, it is not enough to be told so. */
  @Test
  void tensorCoresThatAreNoneAreRejectedOnTheDeviceItself() {
    assumeTrue(Devices.preferred().getTornadoVMBackend() == TornadoVMBackendType.OPENCL);
    VariantChoice<MatMulVariant> choice =
        VariantChoice.among(MatMulVariant.values(), List.of(new MatMulTrial(TYPES)::run));
    assertThat(choice.variant()).isEqualTo(MatMulVariant.PORTABLE);
    assertThat(choice.reasons()).singleElement().asString().startsWith("mma ");
  }

  @Test
  void ofEachKindTheFirstNamedIsForced() {
    assertThat(VariantChoice.forced(MatVecVariant.values(), "int8,mma").orElseThrow().variant())
        .isEqualTo(MatVecVariant.INT8);
    assertThat(VariantChoice.forced(MatMulVariant.values(), "int8,mma").orElseThrow().variant())
        .isEqualTo(MatMulVariant.MMA);
    assertThat(VariantChoice.forced(MatMulVariant.values(), "mma,portable").orElseThrow().variant())
        .isEqualTo(MatMulVariant.MMA);
    assertThat(VariantChoice.forced(MatMulVariant.values(), "warps")).isEmpty();
    assertThat(VariantChoice.forced(MatMulVariant.values(), "")).isEmpty();
  }
}
