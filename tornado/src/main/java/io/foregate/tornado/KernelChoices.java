package io.foregate.tornado;

import io.foregate.tornado.KernelChoice.Run;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * Which kernels multiply weights with tokens, and why.
 *
 * @param token with one alone
 * @param batch with those of a batch
 */
record KernelChoices(KernelChoice<MatVecVariant> token, KernelChoice<MatMulVariant> batch) {

  /**
   * Chooses. The system property {@code foregate.kernels} names variants to take untested,
   * separated by commas: of each kind the first that it has.
   *
   * @param device TornadoVM's default device
   * @param layers kinds of layers of the model
   */
  static KernelChoices of(TornadoDevice device, Collection<LayerTypes> layers) {
    TornadoVMBackendType backend = device.getTornadoVMBackend();
    return new KernelChoices(
        of(MatVecVariant.values(), backend, layers, types -> new MatVecTrial(types)::run),
        of(MatMulVariant.values(), backend, layers, types -> new MatMulTrial(types)::run));
  }

  private static <V extends KernelVariant> KernelChoice<V> of(
      V[] variants,
      TornadoVMBackendType backend,
      Collection<LayerTypes> layers,
      Function<LayerTypes, Run<V>> trial) {
    return KernelChoice.forced(variants, System.getProperty("foregate.kernels", ""))
        .orElseGet(() -> of(variants, backend, layers.stream().distinct().map(trial)));
  }

  /**
   * Elsewhere, TornadoVM 5.2 compiles shuffles to nothing without saying so, and has no tensor
   * cores.
   */
  static <V extends KernelVariant> KernelChoice<V> of(
      V[] variants, TornadoVMBackendType backend, Stream<Run<V>> layers) {
    return backend == TornadoVMBackendType.PTX || backend == TornadoVMBackendType.CUDA
        ? KernelChoice.among(variants, layers.toList())
        : new KernelChoice<>(
            variants[0], List.of("TornadoVM has no warps and no tensor cores on " + backend));
  }

  KernelVariants variants() {
    return new KernelVariants(token.variant(), batch.variant());
  }

  /** The choices and their reasons, in a sentence. */
  String describe() {
    return "products of weights with tokens: %s; with batches: %s"
        .formatted(token.describe(), batch.describe());
  }
}
