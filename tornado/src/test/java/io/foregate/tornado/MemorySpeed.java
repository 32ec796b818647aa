package io.foregate.tornado;

import io.foregate.tornado.device.Launches;
import io.foregate.tornado.device.TornadoSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * How fast a device copies within its own memory, by a kernel, which other kernels are measured
 * against: bytes read and written over the kernel's time, by the driver's clock. {@code MemorySpeed
 * PART MEBIBYTES}.
 */
final class MemorySpeed {
  private static final int LANES = 256;
  private static final int WARM_UP = 5;
  private static final int RUNS = 30;

  /** Words that a thread copies, so that launches stay small. */
  private static final int WORDS_PER_THREAD = 8;

  private MemorySpeed() {}

  /** One word after another, neighbours by neighbouring threads. */
  static void copy(KernelContext context, IntArray from, IntArray to) {
    for (int i = context.globalIdx; i < from.getSize(); i += context.globalGroupSizeX) {
      to.set(i, from.get(i));
    }
  }

  /** See the class. */
  public static void main(String[] args) throws TornadoExecutionPlanException {
    TornadoSettings.apply();
    int mebibytes = Integer.parseInt(args[1]);
    int words = mebibytes << 18;
    var from = new IntArray(words);
    var to = new IntArray(words);
    from.init(7);
    ImmutableTaskGraph graph =
        new TaskGraph("memory")
            .transferToDevice(DataTransferMode.FIRST_EXECUTION, from, to)
            .task("copy", MemorySpeed::copy, new KernelContext(), from, to)
            .persistOnDevice(from, to)
            .snapshot();
    var grid = new GridScheduler();
    Launches.perThread(grid, "memory.copy", words / WORDS_PER_THREAD, LANES);
    List<Long> nanos = new ArrayList<>();
    try (var plan = new TornadoExecutionPlan(graph)) {
      for (int run = 0; run < WARM_UP + RUNS; run++) {
        TornadoExecutionResult result =
            plan.withGridScheduler(grid).withProfiler(ProfilerMode.SILENT).execute();
        if (run >= WARM_UP) {
          nanos.add(result.getProfilerResult().getDeviceKernelTime());
        }
      }
    }
    double[] gbps = nanos.stream().mapToDouble(n -> 8.0 * words / n).sorted().toArray();
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("kernel_nanos", nanos);
    found.put("median_gbps", gbps[gbps.length / 2]);
    found.put("best_gbps", Arrays.stream(gbps).max().orElseThrow());
    FoundReport.write(
        args[0],
        "copying within the device's memory",
        Map.of("bytes", 4L * words, "counted", "bytes read and written"),
        found);
    System.exit(0); // TornadoVM's threads would stay
  }
}
