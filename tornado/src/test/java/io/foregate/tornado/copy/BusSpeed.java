package io.foregate.tornado.copy;

import io.foregate.kernels.Directory;
import io.foregate.tornado.FoundReport;
import io.foregate.tornado.device.DeviceThread;
import io.foregate.tornado.device.Devices;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.weights.DenseArrays;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The most that the bus brings to a device, which copy engines are measured against: CUDA's copies
 * of page-locked memory, one behind another, by the device's clock. {@code BusSpeed PART
 * MEBIBYTES}. Where TornadoVM does not drive the device through CUDA, it says so and measures
 * nothing.
 */
final class BusSpeed {
  private static final int WARM_UP = 2;
  private static final int RUNS = 20;

  /** Of a run: what it takes to begin the first does not show. */
  private static final int COPIES = 8;

  private BusSpeed() {}

  /**
   * GB/s of each run.
   *
   * @param target device pointer to as many bytes
   * @param bytes of a copy
   */
  static List<Double> gbps(CudaDriver driver, long target, long bytes) {
    driver.makeCurrent(driver.contextOf(target));
    MemorySegment pinned = driver.allocatePinned(bytes);
    long stream = driver.newStream();
    long begin = driver.newEvent();
    long end = driver.newEvent();
    try {
      List<Double> found = new ArrayList<>();
      for (int run = 0; run < WARM_UP + RUNS; run++) {
        driver.record(begin, stream);
        for (int copy = 0; copy < COPIES; copy++) {
          driver.copy(target, pinned, bytes, stream);
        }
        driver.record(end, stream);
        driver.await(end);
        if (run >= WARM_UP) {
          found.add((double) COPIES * bytes / driver.nanosBetween(begin, end));
        }
      }
      return found;
    } finally {
      driver.destroyEvent(end);
      driver.destroyEvent(begin);
      driver.destroyStream(stream);
      driver.freePinned(pinned);
    }
  }

  /** See the class. */
  public static void main(String[] args) {
    TornadoSettings.apply();
    int words = Integer.parseInt(args[1]) << 18;
    Map<String, Object> found = new LinkedHashMap<>();
    if (Devices.isCuda(Devices.preferred())) {
      List<Double> gbps = measure(words);
      found.put("gbps", gbps);
      found.put("peak_gbps", gbps.stream().max(Double::compare).orElseThrow());
    } else {
      found.put("not_measured", "TornadoVM does not drive the device through CUDA");
    }
    FoundReport.write(
        args[0],
        "copying page-locked memory to the device",
        Map.of("bytes", 4L * words, "copies", COPIES),
        found);
    System.out.println("  " + found.getOrDefault("peak_gbps", found.get("not_measured")));
    System.exit(0); // TornadoVM's threads would stay
  }

  private static List<Double> measure(int words) {
    var dense = new DenseArrays(new IntArray(1), new FloatArray(1), new IntArray(Directory.PARTS));
    List<Double> found = new ArrayList<>();
    try (var compute = new DeviceThread("foregate-device-compute");
        var memory = new DeviceMemory(dense, words, true, compute)) {
      memory.use( // runs where the memory's address may be asked for
          CopyEngine.TRANSFERS,
          () -> {
            found.addAll(gbps(CudaDriver.installed(), memory.address().first(), 4L * words));
            return memory.staged();
          });
    }
    return found;
  }
}
