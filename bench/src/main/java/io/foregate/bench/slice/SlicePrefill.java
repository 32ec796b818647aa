package io.foregate.bench.slice;

import io.foregate.backend.Backend;
import io.foregate.bench.measure.Report;
import io.foregate.gguf.GgmlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What batches take on a device with each variant of the kernels that multiply with them. */
@Command(
    name = "slice-prefill",
    description = "Time batches of tokens on a device.",
    mixinStandardHelpOptions = true)
final class SlicePrefill implements Callable<Integer> {
  private static final String MEASUREMENT = "batches of tokens on a device";

  /** The property that names a variant to take untested. */
  private static final String VARIANT = "foregate.kernels";

  private static final List<String> VARIANTS = List.of("portable", "mma");

  /** Drivers with which TornadoVM has tensor cores. */
  private static final Set<String> TENSOR_CORES = Set.of("ptx", "cuda");

  private static final int WARM_UP = 2;

  @Mixin private DeviceFlags flags;

  @Option(names = "--types", split = ",", description = "Of weights. Default: 4, 3, 2, 8 bits.")
  private List<GgmlType> types =
      List.of(GgmlType.Q4_K, GgmlType.Q3_K, GgmlType.Q2_K, GgmlType.Q4_0, GgmlType.Q8_0);

  @Option(
      names = {"-n", "--batches"},
      description = "That are timed. Default: 10.")
  private int batches = 10;

  @Option(names = "--positions", description = "Of the longest batch. Default: 64.")
  private int positions = 64;

  private SlicePrefill() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new SlicePrefill()).execute(args));
  }

  /**
   * What was found of a variant; with {@code unusable}, why there is nothing.
   *
   * @param tokens of a batch
   * @param millis of each batch
   * @param tokensPerSecond by the median
   */
  record Prefill(
      String type,
      String variant,
      String unusable,
      int tokens,
      List<Double> millis,
      double tokensPerSecond) {}

  @Override
  public Integer call() throws IOException {
    Backend backend = flags.open();
    List<Prefill> found = new ArrayList<>();
    for (GgmlType type : types) {
      for (String variant : VARIANTS) {
        Prefill prefill = prefill(backend, type, variant);
        found.add(prefill);
        System.out.printf(
            Locale.ROOT,
            "  %-5s %-9s %s%n",
            type,
            variant,
            prefill.unusable() == null
                ? "%9.1f tokens/s".formatted(prefill.tokensPerSecond())
                : prefill.unusable());
      }
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("slice", flags.shape().id());
    settings.put("warm_up_batches", WARM_UP);
    settings.put("batches", batches);
    DeviceResult.of(flags, MEASUREMENT, backend, settings, found).write(flags.out);
    return 0;
  }

  private Prefill prefill(Backend backend, GgmlType type, String variant) throws IOException {
    String driver = DeviceName.driver(backend).orElse("");
    if (!variant.equals(VARIANTS.getFirst()) && !TENSOR_CORES.contains(driver)) {
      String why = "not offered: TornadoVM has no tensor cores on " + driver;
      return new Prefill(type.toString(), variant, why, 0, List.of(), 0);
    }
    System.setProperty(VARIANT, variant);
    try (var source = new SteppedModel.Source(backend, flags.shape(), type, flags.work);
        var model = new SteppedModel(source, "auto", positions)) {
      List<Double> millis = new ArrayList<>();
      int tokens = 0;
      for (int i = -WARM_UP; i < batches; i++) {
        long start = System.nanoTime();
        tokens = model.batch();
        if (i >= 0) {
          millis.add((System.nanoTime() - start) / 1e6);
        }
      }
      double median = Report.median(millis.stream().mapToDouble(Double::doubleValue));
      return new Prefill(type.toString(), variant, null, tokens, millis, 1e3 * tokens / median);
    } finally {
      System.clearProperty(VARIANT);
    }
  }
}
