package io.foregate.tornado;

import io.foregate.gguf.GgmlType;
import io.foregate.model.Activation;
import io.foregate.store.ExpertShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What is chosen on a device by trying, tried without a model. */
final class DeviceChoices {
  /** The most common mix of types (Q4_K_M). */
  private static final LayerTypes LAYER =
      new LayerTypes(
          GgmlType.Q4_K.id(),
          GgmlType.Q4_K.id(),
          GgmlType.Q6_K.id(),
          GgmlType.Q4_K.id(),
          AttentionBlocks.NONE,
          Optional.empty(),
          FeedForwardTypes.dense(
              new ExpertShape(256, 256, GgmlType.Q4_K, GgmlType.Q4_K, GgmlType.Q6_K),
              Activation.SILU));

  private DeviceChoices() {}

  /** A sentence for each choice, and one for each of what was not chosen. */
  static List<String> of(TornadoDevice device) {
    List<String> found = new ArrayList<>();
    found.add(SelfTest.failure().orElse("its self-test passed"));
    try {
      found.add("of Q4_K and Q6_K, " + KernelChoices.of(device, List.of(LAYER)).describe());
      copies(found);
    } catch (RuntimeException e) {
      found.add("the rest cannot be tried: " + e.getMessage());
    }
    return found;
  }

  /** In memory just large enough. */
  private static void copies(List<String> found) {
    var dense = new DenseArrays(new IntArray(1), new FloatArray(1), new IntArray(1));
    var choice = new CopyChoice(Optional.empty(), CopyEngine::open, found::add);
    try (var compute = new DeviceThread("foregate-device-compute")) {
      choice.open(dense, CopyTest.MOST_POOL_WORDS, compute).close();
    }
  }
}
