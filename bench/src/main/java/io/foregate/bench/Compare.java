package io.foregate.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.engine.Engine;
import io.foregate.engine.Machine;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.VectorProvider;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The program of {@code scripts/bench-compare}. */
@Command(
    name = "bench-compare",
    description = "Time Foregate and llama.cpp side by side and write a report.",
    mixinStandardHelpOptions = true)
final class Compare implements Callable<Integer> {
  private static final String SYNTHETIC = "synthetic:";

  @Parameters(
      arity = "1",
      paramLabel = "MODEL",
      description = "A GGUF file, or synthetic:TYPE, a Mixtral of 0.4 billion random weights.")
  private String model;

  @Option(names = "--llama-cpp", required = true, description = "Folder of its shared libraries.")
  private Path llamaCpp;

  @Option(names = "--commit", required = true, description = "Of the sources that are measured.")
  private String commit;

  @Option(names = "--out", required = true, description = "Folder of the report.")
  private Path out;

  @Option(names = "--work", required = true, description = "Folder for synthetic models.")
  private Path work;

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

  @Option(names = "--warmup-seconds", description = "Per contestant and test. Default: 10.")
  private double warmUpSeconds = 10;

  private Compare() {}

  /** Runs one comparison. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Compare()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Path file = modelFile();
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    int capacity = Math.max(prompt, generated);
    try (var ours = new ForegateContestant(file, threads, capacity);
        var theirs = new LlamaCpp(llamaCpp, file, threads, capacity)) {
      int vocabulary = ours.engine().config().vocabulary();
      var duel = new Duel(ours, theirs, vocabulary, warmUpSeconds, repetitions);
      List<Report.Result> results = new ArrayList<>();
      for (Trial trial : List.of(Trial.prefill(prompt), Trial.decode(generated))) {
        results.add(duel.run(trial));
      }
      write(report(ours, theirs, load, results));
    }
    return 0;
  }

  private Path modelFile() throws IOException {
    if (!model.startsWith(SYNTHETIC)) {
      return Path.of(model);
    }
    GgmlType type = GgmlType.valueOf(model.substring(SYNTHETIC.length()).toUpperCase(Locale.ROOT));
    Path file = Files.createDirectories(work).resolve("synthetic-" + type + ".gguf");
    return SyntheticModel.large(type).write(file);
  }

  private Report report(
      ForegateContestant ours, LlamaCpp theirs, double load, List<Report.Result> results)
      throws IOException {
    Engine engine = ours.engine();
    return new Report(
        Report.SCHEMA,
        "llama.cpp side by side",
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        commit,
        Machine.here(),
        load,
        new Report.Versions(
            version(), VectorProvider.get().reason(), release(llamaCpp), theirs.system()),
        new Report.ModelFacts(
            engine.file().path().getFileName().toString(),
            engine.config().name(),
            sha256(engine.file().path()),
            engine.file().fileSize(),
            engine.file().tensors().stream().mapToLong(GgufTensor::elements).sum()),
        new Report.Settings(
            threads, repetitions, warmUpSeconds, engine.options().kvType().toString()),
        engine.options().experts().policy().name(),
        null,
        new Report.Memory(
            Runtime.getRuntime().maxMemory(),
            Allocation.peakHeapBytes(),
            ours.kvBytes(),
            engine.file().fileSize()),
        results);
  }

  private void write(Report report) throws IOException {
    String stem = report.model().file().replaceFirst("\\.gguf$", "");
    Path json = Files.createDirectories(out).resolve("compare-" + stem + ".json");
    String name = json.getFileName().toString();
    Files.writeString(json, ResultJson.of(report) + "\n");
    String markdown = ReportMarkdown.of(report, name);
    Files.writeString(out.resolve(name.replace(".json", ".md")), markdown);
    var console = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    console.print(markdown);
    console.flush();
  }

  private static String version() throws IOException {
    var properties = new Properties();
    try (InputStream in = Engine.class.getResourceAsStream("/io/foregate/version.properties")) {
      properties.load(in);
    }
    return properties.getProperty("version");
  }

  /** The release that node-llama-cpp's build notes name. */
  private static String release(Path folder) throws IOException {
    Path notes = folder.resolve("_nlcBuildMetadata.json");
    if (!Files.exists(notes)) {
      return "unknown";
    }
    JsonNode llama = new JsonMapper().readTree(notes.toFile()).at("/buildOptions/llamaCpp");
    return llama.path("repo").asText() + " " + llama.path("release").asText();
  }

  private static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (var in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
