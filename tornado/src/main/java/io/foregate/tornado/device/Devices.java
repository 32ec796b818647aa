package io.foregate.tornado.device;

import java.util.Optional;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** The devices that TornadoVM finds. */
public final class Devices {
  /** What this is written for and tested with. */
  private static final String VERSION = "5.2.0-jdk25";

  private Devices() {}

  /**
   * TornadoVM's default device, the one that it lists first.
   *
   * @throws IllegalStateException saying why there is none
   */
  public static TornadoDevice preferred() {
    if (System.getProperty("tornado.load.runtime.implementation") == null) {
      throw new IllegalStateException(
          "TornadoVM is not running in this JVM: start it with scripts/foregate, or with java"
              + " @$TORNADOVM_HOME/tornado-argfile");
    }
    requireVersion(TornadoRuntimeProvider.class.getModule());
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

  /** Another version may compile kernels differently, or not know what we call. */
  private static void requireVersion(Module module) {
    String found =
        module.isNamed() ? module.getDescriptor().rawVersion().orElse("unknown") : "unknown";
    if (!found.equals(VERSION)) {
      throw new IllegalStateException(
          "TornadoVM is version %s, expected %s (setup-tornado.sh installs it)"
              .formatted(found, VERSION));
    }
  }

  /** Name, driver and memory. */
  public static String describe(TornadoDevice device) {
    return "%s (%s, %s), %.1f GiB, arrays up to %.1f GiB"
        .formatted(
            device.getPhysicalDevice().getDeviceName().strip(),
            device.getTornadoVMBackend(),
            device.getPlatformName().strip(),
            device.getMaxGlobalMemory() / (double) (1L << 30),
            device.getMaxAllocMemory() / (double) (1L << 30));
  }

  /** Whether TornadoVM drives the device through CUDA's driver. */
  public static boolean isCuda(TornadoDevice device) {
    TornadoVMBackendType type = device.getTornadoVMBackend();
    return type == TornadoVMBackendType.CUDA || type == TornadoVMBackendType.PTX;
  }

  /** Why a device is no faster than the CPU that this runs on. */
  public static Optional<String> whySlow(TornadoDevice device) {
    return device.getDeviceType() == TornadoDeviceType.CPU
        ? Optional.of("its device is the CPU itself, where backend cpu is faster")
        : Optional.empty();
  }
}
