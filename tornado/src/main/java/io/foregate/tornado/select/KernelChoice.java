package io.foregate.tornado.select;

import io.foregate.tornado.products.KernelSet;
import io.foregate.tornado.products.KernelVariant;
import io.foregate.tornado.products.MatMulVariant;
import io.foregate.tornado.products.MatVecVariant;
import io.foregate.tornado.select.VariantChoice.Run;
import io.foregate.tornado.weights.LayerTypes;
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
public record KernelChoice(VariantChoice<MatVecVariant> token, VariantChoice<MatMulVariant> batch) {

  /**
   * Chooses. The system property {@code foregate.kernels} names variants to take untested,
   * separated by commas: of each kind the first that it has.
   *
   * @param device TornadoVM's default device
   * @param layers kinds of layers of the model
   */
  public static KernelChoice of(TornadoDevice device, Collection<LayerTypes> layers) {
    TornadoVMBackendType backend = device.getTornadoVMBackend();
    return new KernelChoice(
        of(MatVecVariant.values(), backend, layers, types -> new MatVecTrial(types)::run),
        of(MatMulVariant.values(), backend, layers, types -> new MatMulTrial(types)::run));
  }

  private static <V extends KernelVariant> VariantChoice<V> of(
      V[] variants,
      TornadoVMBackendType backend,
      Collection<LayerTypes> layers,
      Function<LayerTypes, Run<V>> trial) {
    return VariantChoice.forced(variants, System.getProperty("foregate.kernels", ""))
        .orElseGet(() -> of(variants, backend, layers.stream().distinct().map(trial)));
  }

  /**
   * Elsewhere, TornadoVM 5.2 compiles shuffles to nothing without saying so, and has no tensor
   * cores.
   */
  static <V extends KernelVariant> VariantChoice<V> of(
      V[] variants, TornadoVMBackendType backend, Stream<Run<V>> layers) {
    return backend == TornadoVMBackendType.PTX || backend == TornadoVMBackendType.CUDA
        ? VariantChoice.among(variants, layers.toList())
        : new VariantChoice<>(
            variants[0], List.of("TornadoVM has no warps and no tensor cores on " + backend));
  }

  public KernelSet variants() {
    return new KernelSet(token.variant(), batch.variant());
  }

  /** The choices and their reasons, in a sentence. */
  public String describe() {
    return "products of weights with tokens: %s; with batches: %s"
        .formatted(token.describe(), batch.describe());
  }
}
