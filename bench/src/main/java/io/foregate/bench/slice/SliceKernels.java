package io.foregate.bench.slice;

import io.foregate.backend.Backend;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.model.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What the kernels of a token take on a device, by TornadoVM's profiler, and how many bytes per
 * second those read that read weights. To be run with {@code -Dtornado.profiler=True}, {@code
 * -Dtornado.log.profiler=True} and {@code -Dtornado.profiler.dump.dir=FILE}.
 */
@Command(
    name = "slice-kernels",
    description = "Time the kernels of a token on a device.",
    mixinStandardHelpOptions = true)
final class SliceKernels implements Callable<Integer> {
  private static final String MEASUREMENT = "kernels of a token on a device";
  private static final String DUMP = "tornado.profiler.dump.dir";
  private static final int WARM_UP = 8;

  @Mixin private DeviceFlags flags;

  @Option(names = "--types", split = ",", description = "Of weights. Default: 4, 3, 2, 8 bits.")
  private List<GgmlType> types =
      List.of(GgmlType.Q4_K, GgmlType.Q3_K, GgmlType.Q2_K, GgmlType.Q4_0, GgmlType.Q8_0);

  @Option(
      names = {"-n", "--tokens"},
      description = "That are timed. Default: 24.")
  private int tokens = 24;

  private SliceKernels() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new SliceKernels()).execute(args));
  }

  /**
   * @param bytes that the kernel must read; 0 where that is no matter of weights
   * @param gbps those bytes over the time; 0 without them
   */
  record Kernel(
      String type,
      String graph,
      String task,
      String method,
      int executions,
      double micros,
      long bytes,
      double gbps) {}

  @Override
  public Integer call() throws IOException {
    String dump = System.getProperty(DUMP);
    if (dump == null) {
      throw new ForegateException(
          "TornadoVM's profiler is off.", "Run this by scripts/gpu-report, which turns it on.");
    }
    Backend backend = flags.open();
    List<Kernel> kernels = new ArrayList<>();
    for (GgmlType type : types) {
      Files.deleteIfExists(Path.of(dump));
      try (var source = new SteppedModel.Source(backend, flags.shape(), type, flags.work);
          var model = new SteppedModel(source, "auto", WARM_UP + tokens)) {
        for (int i = 0; i < WARM_UP + tokens; i++) {
          model.token();
        }
        KernelProfile.read(Path.of(dump)).stream()
            .filter(profile -> profile.nanos().size() > WARM_UP)
            .map(profile -> kernel(type, profile, source.config()))
            .forEach(kernels::add);
      }
      print(kernels, type);
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("slice", flags.shape().id());
    settings.put("warm_up_tokens", WARM_UP);
    settings.put("tokens", tokens);
    DeviceResult.of(flags, MEASUREMENT, backend, settings, kernels).write(flags.out);
    return 0;
  }

  private Kernel kernel(GgmlType type, KernelProfile profile, ModelConfig config) {
    double nanos = profile.medianNanos(WARM_UP);
    long bytes = bytes(type, profile, config);
    return new Kernel(
        type.toString(),
        profile.graph(),
        profile.task(),
        profile.method(),
        profile.nanos().size(),
        nanos / 1e3,
        bytes,
        bytes / nanos);
  }

  /** Bytes of the weights that a kernel reads once. */
  private long bytes(GgmlType type, KernelProfile profile, ModelConfig config) {
    String method = profile.method().toLowerCase(Locale.ROOT);
    long matrix = flags.shape().matrixBytes(type);
    long width = config.embedding();
    if (method.contains("gateup")) {
      return 2L * config.expertsUsed() * matrix;
    }
    if (method.contains("experts.down")) {
      return config.expertsUsed() * matrix;
    }
    if (method.contains("attentioninput")) {
      return type.byteSize(width * (config.querySize() + 2L * config.kvSize()));
    }
    if (profile.graph().startsWith("logits") && method.contains("matvec")) {
      return type.byteSize(width * config.vocabulary());
    }
    if (profile.task().equals("output")) {
      return type.byteSize(width * config.querySize());
    }
    return 0;
  }

  private static void print(List<Kernel> kernels, GgmlType type) {
    for (Kernel kernel : kernels) {
      if (kernel.type().equals(type.toString()) && kernel.bytes() > 0) {
        System.out.printf(
            Locale.ROOT,
            "  %-5s %-24s %9.1f us %8.2f GB/s%n",
            kernel.type(),
            kernel.method(),
            kernel.micros(),
            kernel.gbps());
      }
    }
  }
}
