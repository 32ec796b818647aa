package io.foregate.tornado;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.tornado.copy.CopyChoice;
import io.foregate.tornado.device.Devices;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.select.DeviceChoices;
import io.foregate.tornado.select.DeviceTrial;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** Runs models on a device that TornadoVM drives. Found by {@link java.util.ServiceLoader}. */
public final class TornadoBackend implements Backend {
  private final TornadoDevice device;

  /**
   * Looks for TornadoVM and its default device.
   *
   * @throws IllegalStateException saying what is missing
   */
  public TornadoBackend() {
    TornadoSettings.apply();
    this.device = Devices.preferred();
  }

  @Override
  public String name() {
    return "tornado";
  }

  @Override
  public String description() {
    return Devices.describe(device);
  }

  @Override
  public Optional<String> whyNotAutomatic() {
    Optional<String> slow = Devices.whySlow(device);
    return slow.isPresent() ? slow : DeviceTrial.failure();
  }

  @Override
  public List<String> choices() {
    return DeviceChoices.of(device);
  }

  @Override
  public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
    long limit = TornadoSettings.memoryLimit();
    return new TornadoModel(
        config,
        weights,
        threads,
        Math.min(limit, device.getMaxGlobalMemory()),
        Math.min(limit, device.getMaxAllocMemory()),
        TornadoSettings.cudaGraphs() && Devices.isCuda(device),
        CopyChoice::open);
  }
}
