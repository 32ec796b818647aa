package io.foregate.schedule.sim;

import io.foregate.gguf.GgmlType;
import io.foregate.options.KvType;
import io.foregate.placement.DeviceBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reckons a {@link Profile} from data sheets. Decoding one token reads every weight that it uses
 * once, and is bound by that: a step takes {@code bytes / (memory speed * efficiency)} and its
 * kernels' launches. Attention also reads the keys and values of half a full context.
 */
final class ModelledProfile {
  private static final double MICROS_PER_NANO = 1e-3;

  private final DeviceFacts device;
  private final ModelFacts model;

  private ModelledProfile(DeviceFacts device, ModelFacts model) {
    this.device = device;
    this.model = model;
  }

  /**
   * The profile of a device and a model.
   *
   * @param bits a key of {@link ModelFacts#expertTypes}
   */
  static Profile of(DeviceFacts device, ModelFacts model, String bits) {
    return new ModelledProfile(device, model).profile(bits);
  }

  private Profile profile(String bits) {
    GgmlType type = model.expertTypes().get(bits);
    DeviceFacts.Assumed assumed = device.assumed();
    long expertBytes = model.expertBytes(type);
    long kvBytes = model.context() / 2 * model.kvBytesPerPosition();
    long attentionBytes = model.attentionBytes() + model.routerBytes() + kvBytes;
    double attention = onDevice(attentionBytes, assumed.attentionLaunches());
    double gates = onDevice(model.gateBytes(), 2) + assumed.schedulingMicros();
    double host = device.host().gbps() * assumed.hostEfficiency();
    return new Profile(
        device.name() + ":" + bits,
        "%s, %s with %s experts".formatted(device.title(), model.title(), type),
        Profile.MODELLED,
        model.layers(),
        slots(expertBytes),
        expertBytes,
        device.pcie().gbps() * assumed.linkEfficiency(),
        assumed.linkLatencyMicros(),
        1,
        attention,
        gates,
        onDevice(expertBytes, 1),
        expertBytes / host * MICROS_PER_NANO,
        onDevice(model.headBytes(), 2),
        1,
        notes());
  }

  private double onDevice(long bytes, int launches) {
    double gbps = device.memoryGbps() * device.assumed().memoryEfficiency();
    return bytes / gbps * MICROS_PER_NANO + launches * device.assumed().launchMicros();
  }

  private int slots(long expertBytes) {
    return DeviceBudget.of(device.memoryBytes(), model.sizes(), model.context(), KvType.F16)
        .experts(expertBytes, model.layers() * model.experts());
  }

  private List<String> notes() {
    DeviceFacts.Assumed assumed = device.assumed();
    List<String> notes = new ArrayList<>(device.sources());
    notes.addAll(model.sources());
    notes.add(
        String.format(
            Locale.ROOT,
            "Assumed: copies reach %.0f %% of PCIe %d.0 x%d and start in %.0f us; kernels reach "
                + "%.0f %% of the device's memory speed and launch in %.0f us; the host computes at "
                + "%.0f %% of the speed of %d channels of %s-%.0f.",
            100 * assumed.linkEfficiency(),
            device.pcie().generation(),
            device.pcie().lanes(),
            assumed.linkLatencyMicros(),
            100 * assumed.memoryEfficiency(),
            assumed.launchMicros(),
            100 * assumed.hostEfficiency(),
            device.host().channels(),
            device.host().type(),
            device.host().megatransfers()));
    return notes;
  }
}
