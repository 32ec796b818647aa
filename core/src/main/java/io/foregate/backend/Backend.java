package io.foregate.backend;

import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import java.util.List;
import java.util.Optional;

/** A kind of device that can run a model. */
public interface Backend {

  /** Short name, as {@code --backend} takes it. */
  String name();

  /** The device and how it will compute, in one line. */
  String description();

  /** Why {@code --backend auto} should leave it alone; empty if it should not. */
  default Optional<String> whyNotAutomatic() {
    return Optional.empty();
  }

  /**
   * What is chosen for the device by trying it, and why, in sentences. It is tried now, which may
   * take seconds.
   */
  default List<String> choices() {
    return List.of();
  }

  /**
   * Opens a model on the device. The weights stay owned by the caller and must outlive the result.
   *
   * @param threads compute threads; 0 for one per core
   */
  BackendModel open(ModelConfig config, ModelWeights weights, int threads);
}
