package io.foregate.tornado.copy;

import io.foregate.error.ForegateException;
import io.foregate.options.Link;
import io.foregate.tornado.device.Devices;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What makes copies into expert slots, in the order in which equals are preferred. */
public enum CopyEngine {
  /** CUDA's own copies, from page-locked memory, on a stream of their own: beside kernels. */
  CUDA,
  /** The driver's writes, on the queue of the copies' thread: beside kernels. */
  ENQUEUE,
  /** TornadoVM's transfers, on a thread and a queue of their own: beside kernels. */
  TRANSFERS,
  /** The same on the thread that computes: never beside a kernel. For reference. */
  SYNCHRONOUS;

  /** Of CUDA's ring: long enough for the bus's full speed, short beside an expert. */
  private static final long CHUNK_BYTES = 2 << 20;

  /**
   * The engine of a name; empty for {@link Link#AUTO}.
   *
   * @throws ForegateException naming those that there are when it has none
   */
  public static Optional<CopyEngine> named(String name) {
    if (name.equals(Link.AUTO)) {
      return Optional.empty();
    }
    return Optional.of(
        Arrays.stream(values())
            .filter(engine -> engine.id().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new ForegateException(
                        "There is no copy engine '%s' on backend tornado.".formatted(name),
                        "There are: %s, %s."
                            .formatted(
                                Link.AUTO,
                                Arrays.stream(values())
                                    .map(CopyEngine::id)
                                    .collect(Collectors.joining(", "))))));
  }

  /** As {@code --copy-engine} takes it. */
  String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether copies run on a thread of their own. */
  boolean isBesideKernels() {
    return this != SYNCHRONOUS;
  }

  /**
   * Sets it up, on the thread of the memory's copies.
   *
   * @throws RuntimeException saying why it cannot work with that device
   */
  public Upload open(DeviceMemory memory) {
    return switch (this) {
      case TRANSFERS, SYNCHRONOUS -> memory.staged();
      case ENQUEUE -> new QueueUpload(memory.address());
      case CUDA -> cuda(memory.address());
    };
  }

  private static Upload cuda(DeviceAddress pool) {
    if (!Devices.isCuda(pool.device())) {
      throw new IllegalStateException(
          "TornadoVM drives the device through " + pool.device().getTornadoVMBackend());
    }
    return new CudaUpload(CudaDriver.installed(), pool.first(), CHUNK_BYTES);
  }
}
