package io.foregate.tornado;

import java.util.Optional;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** The devices that TornadoVM finds. */
final class Devices {
  private Devices() {}

  /**
   * TornadoVM's default device: the first one, or what {@code -Dtornado.driver} and {@code
   * -Dtornado.device} name.
   *
   * @throws IllegalStateException saying why there is none
   */
  static TornadoDevice preferred() {
    if (System.getProperty("tornado.load.runtime.implementation") == null) {
      throw new IllegalStateException(
          "TornadoVM is not running in this JVM: start it with scripts/foregate, or with java"
              + " @$TORNADOVM_HOME/tornado-argfile");
    }
    try {
      TornadoDevice device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
      if (device == null) {
        throw new IllegalStateException("TornadoVM runs, but finds no device");
      }
      return device;
    } catch (LinkageError | RuntimeException e) {
      throw new IllegalStateException(
          "TornadoVM finds no device (is there an OpenCL driver? clinfo -l lists them): " + e, e);
    }
  }

  /** Name, driver and memory. */
  static String describe(TornadoDevice device) {
    return "%s (%s, %s), %.1f GiB, arrays up to %.1f GiB"
        .formatted(
            device.getPhysicalDevice().getDeviceName().strip(),
            device.getTornadoVMBackend(),
            device.getPlatformName().strip(),
            device.getMaxGlobalMemory() / (double) (1L << 30),
            device.getMaxAllocMemory() / (double) (1L << 30));
  }

  /** Why a device is no faster than the processor that this runs on. */
  static Optional<String> whySlow(TornadoDevice device) {
    return device.getDeviceType() == TornadoDeviceType.CPU
        ? Optional.of("its device is the processor itself, where backend cpu is faster")
        : Optional.empty();
  }
}
