package io.foregate.tornado.select;

import io.foregate.gguf.GgmlType;
import io.foregate.model.ActivationFunction;
import io.foregate.store.layout.ExpertShape;
import io.foregate.tornado.copy.CopyChoice;
import io.foregate.tornado.weights.AttentionBlocks;
import io.foregate.tornado.weights.FeedForwardTypes;
import io.foregate.tornado.weights.LayerTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** What is chosen on a device by trying, tried without a model. */
public final class DeviceChoices {
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
              ActivationFunction.SILU));

  private DeviceChoices() {}

  /** A sentence for each choice, and one for each of what was not chosen. */
  public static List<String> of(TornadoDevice device) {
    List<String> found = new ArrayList<>();
    found.add(DeviceTrial.failure().orElse("its self-test passed"));
    try {
      found.add("of Q4_K and Q6_K, " + KernelChoice.of(device, List.of(LAYER)).describe());
      CopyChoice.tryAll(found::add);
    } catch (RuntimeException e) {
      found.add("the rest cannot be tried: " + e.getMessage());
    }
    return found;
  }
}
