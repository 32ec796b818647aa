package io.foregate.bench.startup;

import io.foregate.bench.measure.ResultJson;
import io.foregate.bench.startup.StartupResult.StartedCommand;
import io.foregate.bench.startup.StartupResult.StartupSettings;
import io.foregate.engine.Machine;
import io.foregate.error.ForegateException;
import io.foregate.quant.vector.VectorProvider;
import io.foregate.report.Release;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The program of {@code scripts/bench-startup}. */
@Command(
    name = "bench-startup",
    description = "Time how long commands take, with and without the JVM's AOT cache.",
    mixinStandardHelpOptions = true)
final class StartupBench implements Callable<Integer> {
  /** A class that every command loads, and where a JVM says that it found it in a cache. */
  private static final String FROM_CACHE = "io.foregate.cli.Cli source: shared objects file";

  private static final int MAX_TRIES = 300;

  @Parameters(arity = "1", paramLabel = "MODEL", description = "A GGUF file.")
  private Path model;

  @Option(names = "--launcher", required = true, description = "scripts/foregate.")
  private Path launcher;

  @Option(names = "--commit", required = true, description = "Of the sources that are measured.")
  private String commit;

  @Option(names = "--out", required = true, description = "Folder of the report.")
  private Path out;

  @Option(
      names = {"-r", "--repetitions"},
      description = "Samples of each. Default: 11.")
  private int repetitions = 11;

  /** What is started, again and again. */
  private record Start(String name, List<String> command, boolean cache, Double goalSeconds) {}

  private StartupBench() {}

  /** Runs the measurement. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new StartupBench())
            .setExecutionExceptionHandler(
                (failure, line, parsed) -> {
                  if (failure instanceof ForegateException known) {
                    line.getErr().println(known.getMessage() + "\nhint: " + known.hint());
                    return 1;
                  }
                  throw failure;
                })
            .execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    List<Start> starts = starts();
    for (Start start : starts) {
      if (start.cache()) {
        awaitCache(start);
      } else {
        timed(start); // what it reads is in the page cache now
      }
    }
    Map<Start, List<Long>> samples = new LinkedHashMap<>();
    for (int i = 0; i < repetitions; i++) {
      for (Start start : starts) {
        samples.computeIfAbsent(start, _ -> new ArrayList<>()).add(timed(start));
      }
    }
    List<StartedCommand> results = new ArrayList<>();
    samples.forEach(
        (start, ns) ->
            results.add(
                StartedCommand.of(
                    start.name(), recorded(start), start.cache(), start.goalSeconds(), ns)));
    write(result(load, results));
    return 0;
  }

  /** A command without the folders of this machine. */
  private List<String> recorded(Start start) {
    String name = model.getFileName().toString();
    return start.command().stream()
        .map(word -> word.equals(model.toString()) ? name : word)
        .toList();
  }

  private List<Start> starts() {
    List<Start> starts = new ArrayList<>();
    starts.add(new Start("the JVM alone (`java -version`)", List.of(), false, null));
    List<String> run =
        List.of("run", "-m", model.toString(), "-p", "Hello", "-n", "1", "--backend", "cpu");
    String token = "first token of %s".formatted(model.getFileName());
    for (boolean cache : new boolean[] {false, true}) {
      starts.add(
          new Start("`foregate --version`", List.of("--version"), cache, cache ? 0.3 : null));
      starts.add(new Start("`foregate --help`", List.of("--help"), cache, null));
      starts.add(new Start(token, run, cache, cache ? 0.7 : null));
    }
    return starts;
  }

  private long timed(Start start) throws IOException, InterruptedException {
    ProcessBuilder builder = builder(start, "");
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    long begin = System.nanoTime();
    int code = builder.start().waitFor();
    long end = System.nanoTime();
    if (code != 0) {
      throw failed(start, "ended with exit code " + code);
    }
    return end - begin;
  }

  /** Starts a command until it is seen to use a cache: the first start has one made. */
  private void awaitCache(Start start) throws IOException, InterruptedException {
    for (int i = 0; i < MAX_TRIES; i++) {
      Process process = builder(start, "-Xlog:class+load").start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() == 0 && said.contains(FROM_CACHE)) {
        return;
      }
      Thread.sleep(1000);
    }
    throw failed(start, "never had an AOT cache");
  }

  private ProcessBuilder builder(Start start, String javaOptions) {
    List<String> words = new ArrayList<>();
    if (start.command().isEmpty()) {
      words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      words.add("-version");
    } else {
      words.add(launcher.toString());
      words.addAll(start.command());
    }
    var builder = new ProcessBuilder(words);
    Map<String, String> environment = builder.environment();
    // This program's own.
    environment.keySet().removeAll(List.of("FOREGATE_MAIN", "FOREGATE_JAR"));
    environment.put("FOREGATE_JAVA_OPTS", javaOptions);
    environment.put("FOREGATE_AOT", start.cache() ? "on" : "off");
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    return builder;
  }

  private static ForegateException failed(Start start, String how) {
    return new ForegateException(
        start.name() + " " + how, "Run it by hand: scripts/foregate " + start.command());
  }

  private StartupResult result(double load, List<StartedCommand> results) {
    return new StartupResult(
        StartupResult.SCHEMA,
        "start-up",
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        commit,
        Machine.here(),
        load,
        Release.number(),
        VectorProvider.get().reason(),
        new StartupSettings(model.getFileName().toString(), repetitions),
        results);
  }

  private void write(StartupResult result) throws IOException {
    Path json = Files.createDirectories(out).resolve(StartupResult.FILE);
    Files.writeString(json, ResultJson.of(result) + "\n");
    String markdown = StartupMarkdown.of(result);
    Files.writeString(json.resolveSibling(StartupResult.FILE.replace(".json", ".md")), markdown);
    System.out.print(markdown);
    System.out.flush();
  }
}
