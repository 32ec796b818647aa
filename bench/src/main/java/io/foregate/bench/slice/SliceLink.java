package io.foregate.bench.slice;

import io.foregate.backend.Backend;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultJson;
import io.foregate.gguf.GgmlType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * How fast each copy engine brings experts to a device, and how much of that hides behind kernels.
 *
 * <p>Hidden is {@code 1 - (both - kernels) / copies}: how much longer kernels and copies take
 * beside each other than the kernels alone, over what the copies take alone. Two windows per
 * engine: one whose kernels take longer than its copies, one where they take as long.
 */
@Command(
    name = "slice-link",
    description = "Time copies to a device, alone and beside kernels.",
    mixinStandardHelpOptions = true)
final class SliceLink implements Callable<Integer> {
  private static final String MEASUREMENT = "copies to expert slots, alone and beside kernels";

  /** Kernel time over copy time of the windows. */
  private static final double[] WINDOWS = {1.5, 1.0};

  private static final int WARM_UP = 6;
  private static final int POSITIONS = 8192;

  @Mixin private DeviceFlags flags;

  @Option(names = "--engines", split = ",", description = "Default: all that there are.")
  private List<String> engines = List.of("cuda", "enqueue", "transfers", "synchronous");

  @Option(names = "--type", description = "Of experts. Default: Q4_K.")
  private GgmlType type = GgmlType.Q4_K;

  @Option(names = "--copies", description = "Per window. Default: 24.")
  private int copies = 24;

  @Option(
      names = {"-r", "--repetitions"},
      description = "Windows of each kind. Default: 5.")
  private int repetitions = 5;

  private SliceLink() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new SliceLink()).execute(args));
  }

  /**
   * @param kernelNanos alone
   * @param copyNanos alone
   * @param bothNanos until the last of either was done
   * @param hidden see above, at least 0 and at most 1; the median of all samples
   */
  record Window(
      double kernelsOverCopies,
      int tokens,
      int copies,
      List<Long> kernelNanos,
      List<Long> copyNanos,
      List<Long> bothNanos,
      double hidden) {}

  /**
   * @param unusable why the engine cannot be used on the device; else {@code null}
   * @param gbps median of single copies, with nothing beside them
   * @param bestGbps of them
   */
  record EngineResult(
      String engine, String unusable, double gbps, double bestGbps, List<Window> windows) {}

  /** What a thread did, for the timeline. */
  private record Span(String what, long start, long end) {}

  @Override
  public Integer call() throws IOException {
    Backend backend = flags.open();
    List<EngineResult> results = new ArrayList<>();
    long bytes;
    try (var source = new SteppedModel.Source(backend, flags.shape(), type, flags.work)) {
      for (String engine : engines) {
        results.add(measure(source, engine));
      }
      bytes = flags.shape().expertBytes(type);
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("slice", flags.shape().id());
    settings.put("type", type.toString());
    settings.put("expert_bytes", bytes);
    DeviceResult.of(flags, MEASUREMENT, backend, settings, results).write(flags.out);
    return 0;
  }

  private EngineResult measure(SteppedModel.Source source, String engine) throws IOException {
    try (var model = new SteppedModel(source, engine, POSITIONS)) {
      return measure(model, engine);
    } catch (RuntimeException e) {
      System.out.printf("  %s: not usable: %s%n", engine, e.getMessage());
      return new EngineResult(engine, e.getMessage(), 0, 0, List.of());
    }
  }

  private EngineResult measure(SteppedModel model, String engine) throws IOException {
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < WARM_UP; i++) {
      model.token();
      model.copy(i);
    }
    double[] speeds = new double[copies];
    for (int i = 0; i < copies; i++) {
      long start = System.nanoTime();
      model.copy(i);
      speeds[i] = (double) model.expertBytes() / (System.nanoTime() - start);
    }
    double gbps = Report.median(Arrays.stream(speeds));
    double perToken = (double) kernels(model, WARM_UP, new ArrayList<>()) / WARM_UP;
    double perCopy = model.expertBytes() / gbps;
    List<Window> windows = new ArrayList<>();
    for (double ratio : WINDOWS) {
      int tokens = (int) Math.max(1, Math.round(ratio * copies * perCopy / perToken));
      int fewer = Math.clamp(Math.round(tokens * perToken / ratio / perCopy), 1, copies);
      windows.add(window(model, ratio, tokens, fewer, spans));
    }
    draw(engine, spans);
    var result =
        new EngineResult(engine, null, gbps, Arrays.stream(speeds).max().orElseThrow(), windows);
    System.out.printf(
        Locale.ROOT,
        "  %-12s %7.2f GB/s, hidden %s%n",
        engine,
        gbps,
        windows.stream()
            .map(
                w ->
                    "%.0f %% at kernels/copies %.1f"
                        .formatted(100 * w.hidden(), w.kernelsOverCopies()))
            .toList());
    return result;
  }

  private Window window(SteppedModel model, double ratio, int tokens, int count, List<Span> spans) {
    List<Long> kernelNanos = new ArrayList<>();
    List<Long> copyNanos = new ArrayList<>();
    List<Long> bothNanos = new ArrayList<>();
    double[] hidden = new double[repetitions];
    for (int r = 0; r < repetitions; r++) {
      long kernels = kernels(model, tokens, new ArrayList<>());
      long copying = copies(model, count, new ArrayList<>());
      spans.clear(); // the last window is drawn
      List<Span> others = new ArrayList<>();
      long start = System.nanoTime();
      CompletableFuture<Void> copier =
          CompletableFuture.runAsync(() -> copies(model, count, others));
      kernels(model, tokens, spans);
      copier.join();
      long both = System.nanoTime() - start;
      spans.addAll(others);
      kernelNanos.add(kernels);
      copyNanos.add(copying);
      bothNanos.add(both);
      hidden[r] = hidden(kernels, copying, both);
    }
    return new Window(
        ratio,
        tokens,
        count,
        kernelNanos,
        copyNanos,
        bothNanos,
        Report.median(Arrays.stream(hidden)));
  }

  /** The share of the copies' time that passed behind kernels, at least 0 and at most 1. */
  static double hidden(long kernels, long copies, long both) {
    return Math.clamp(1 - (both - kernels) / (double) copies, 0, 1);
  }

  private static long kernels(SteppedModel model, int tokens, List<Span> spans) {
    long begin = System.nanoTime();
    for (int i = 0; i < tokens; i++) {
      long start = System.nanoTime();
      model.token();
      spans.add(new Span("token", start, System.nanoTime()));
    }
    return System.nanoTime() - begin;
  }

  private static long copies(SteppedModel model, int count, List<Span> spans) {
    long begin = System.nanoTime();
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      model.copy(i);
      spans.add(new Span("copy", start, System.nanoTime()));
    }
    return System.nanoTime() - begin;
  }

  /** Writes the last window in Chrome's trace format: kernels on one track, copies on another. */
  private void draw(String engine, List<Span> spans) throws IOException {
    long first = spans.stream().mapToLong(Span::start).min().orElse(0);
    List<Map<String, Object>> events = new ArrayList<>();
    for (Span span : spans) {
      Map<String, Object> event = new LinkedHashMap<>();
      event.put("name", span.what());
      event.put("ph", "X");
      event.put("pid", 1);
      event.put("tid", span.what().equals("token") ? 1 : 2);
      event.put("ts", (span.start() - first) / 1e3);
      event.put("dur", (span.end() - span.start()) / 1e3);
      events.add(event);
    }
    Path file = flags.out.resolve("%s-%s-timeline.json".formatted(flags.part, engine));
    Files.createDirectories(flags.out);
    Files.writeString(file, ResultJson.of(Map.of("traceEvents", events)) + "\n");
  }
}
