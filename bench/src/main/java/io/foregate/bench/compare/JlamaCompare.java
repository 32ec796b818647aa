package io.foregate.bench.compare;

import io.foregate.bench.measure.ReadLoop;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultJson;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.bench.measure.TokenBytes;
import io.foregate.engine.Engine;
import io.foregate.engine.Machine;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.vector.VectorProvider;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The program of {@code scripts/bench-jlama}. */
@Command(
    name = "bench-jlama",
    description = "Time Foregate and Jlama side by side on a dense Llama and write a report.",
    mixinStandardHelpOptions = true)
final class JlamaCompare implements Callable<Integer> {
  /** Jlama's types by those here; it multiplies with no others but BF16. */
  private static final Map<GgmlType, String> TYPES =
      Map.of(GgmlType.Q4_0, "Q4", GgmlType.F32, "F32");

  @Option(names = "--jlama", required = true, description = "Jlama's class path.")
  private String classPath;

  @Option(names = "--server", required = true, description = "JlamaServer.java.")
  private Path server;

  @Option(names = "--commit", required = true, description = "Of the sources that are measured.")
  private String commit;

  @Option(names = "--out", required = true, description = "Folder of the report.")
  private Path out;

  @Option(names = "--work", required = true, description = "Folder for the models.")
  private Path work;

  @Option(names = "--type", description = "Of the weights: Q4_0 or F32. Default: Q4_0.")
  private GgmlType type = GgmlType.Q4_0;

  @Option(names = "--small", description = "A model of a few megabytes, to see that it works.")
  private boolean small;

  @Option(
      names = {"-p", "--n-prompt"},
      description = "Tokens of the prefill. Default: 512.")
  private int prompt = 512;

  @Option(
      names = {"-n", "--n-gen"},
      description = "Tokens of the decode. Default: 128.")
  private int generated = 128;

  @Option(
      names = {"-r", "--repetitions"},
      description = "Pairs of samples. Default: 7.")
  private int repetitions = 7;

  @Option(
      names = {"-t", "--threads"},
      description = "Of each. Default: one per core.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--warmup-seconds", description = "Per engine and test. Default: 10.")
  private double warmUpSeconds = 10;

  private JlamaCompare() {}

  /** Runs one comparison. */
  public static void main(String[] args) {
    System.exit(Compare.run(new JlamaCompare(), args));
  }

  @Override
  public Integer call() throws IOException {
    if (!TYPES.containsKey(type)) {
      System.err.println("Jlama has no product with %s: Q4_0 or F32.".formatted(type));
      return 2;
    }
    Path folder = Files.createTempDirectory(Files.createDirectories(work), "jlama");
    try {
      compare(folder);
    } finally {
      delete(folder);
    }
    return 0;
  }

  private void compare(Path folder) throws IOException {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    DenseFolder model = small ? DenseFolder.small() : DenseFolder.large();
    Path floats = model.write(folder.resolve("floats"));
    String stem = (small ? "small-" : "dense-") + type;
    Path file = RetypedModel.write(floats, type, folder.resolve(stem + ".gguf"));
    List<String> arguments =
        List.of(
            floats.toString(),
            folder.resolve("quantized").toString(),
            TYPES.get(type),
            Integer.toString(threads));
    int capacity = Math.max(prompt, generated);
    try (var ours = new TimedForegate(file, threads, capacity);
        var theirs =
            new JlamaProcess(JlamaProcess.command(classPath, server.toString(), arguments));
        var memory = new ReadLoop(threads)) {
      Engine engine = ours.engine();
      long kvBytes = ours.kvBytes() / capacity;
      var bytes = TokenBytes.of(engine.file().tensors(), engine.config(), kvBytes);
      var pace = PairedRun.Pace.of(warmUpSeconds, repetitions);
      var pairs = new PairedRun(ours, theirs, engine.config().vocabulary(), pace, memory, bytes);
      List<JlamaResult.Test> tests = new ArrayList<>();
      for (TimedFeed feed : List.of(TimedFeed.prefill(prompt, 0), TimedFeed.decode(generated, 0))) {
        tests.add(JlamaResult.Test.of(pairs.run(feed)));
      }
      write(result(engine, theirs, load, tests));
    }
  }

  private JlamaResult result(
      Engine engine, JlamaProcess theirs, double load, List<JlamaResult.Test> tests)
      throws IOException {
    Path file = engine.file().path();
    return new JlamaResult(
        JlamaResult.SCHEMA,
        JlamaResult.MEASUREMENT,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        commit,
        Machine.here(),
        load,
        new JlamaResult.JlamaVersions(
            EngineVersions.foregate(),
            VectorProvider.get().reason(),
            jlamaVersion(classPath),
            theirs.kernels()),
        new Report.ComparedModel(
            file.getFileName().toString(),
            engine.config().name(),
            Compare.sha256(file),
            engine.file().fileSize(),
            engine.file().tensors().stream().mapToLong(GgufTensor::elements).sum()),
        TYPES.get(type),
        new Report.RunSettings(
            threads, repetitions, warmUpSeconds, engine.options().kvType().toString()),
        tests);
  }

  /** As the name of its jar says. */
  static String jlamaVersion(String classPath) {
    return Stream.of(classPath.split(":"))
        .map(jar -> jar.substring(jar.lastIndexOf('/') + 1))
        .filter(jar -> jar.matches("jlama-core-.*\\.jar"))
        .map(jar -> jar.substring("jlama-core-".length(), jar.length() - ".jar".length()))
        .findFirst()
        .orElse("unknown");
  }

  private void write(JlamaResult result) throws IOException {
    String name = result.stem() + ".json";
    Files.writeString(Files.createDirectories(out).resolve(name), ResultJson.of(result) + "\n");
    String markdown = JlamaMarkdown.of(result, name);
    Files.writeString(out.resolve(name.replace(".json", ".md")), markdown);
    var console = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    console.print(markdown);
    console.flush();
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
