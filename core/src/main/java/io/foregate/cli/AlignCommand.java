package io.foregate.cli;

import io.foregate.engine.Engine;
import io.foregate.engine.EngineOptions;
import io.foregate.engine.GateAlignment;
import io.foregate.engine.TextStretches;
import io.foregate.gate.GateFile;
import io.foregate.gate.GateShape;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.Reliability;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code align}: trains a model's lookahead gates (LGA), and says how good they are. */
@Command(
    name = "align",
    description = "Train lookahead gates, which predict the experts that a model will need.",
    mixinStandardHelpOptions = true)
final class AlignCommand implements Callable<Integer> {
  private static final int DEFAULT_LENGTH = 512;

  private final Shell shell;

  @Mixin private ModelFlags model;

  @Option(
      names = "--text",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description = "Calibration text, UTF-8. --ctx is the stretches' length, by default 512.")
  private List<Path> texts = List.of();

  @Option(
      names = "--holdout",
      arity = "1..*",
      paramLabel = "FILE",
      description = "Other text, to judge the gates on: one figure per file.")
  private List<Path> holdouts = List.of();

  @Option(
      names = "--horizon",
      paramLabel = "K",
      description = "Layers to look ahead. Default: 8, or all others of a model with fewer.")
  private Integer horizon;

  @Option(
      names = "--hidden",
      paramLabel = "N",
      description = "Width of the gates' hidden layer, 0 for none. Default: ${DEFAULT-VALUE}.")
  private int hidden = LookaheadGates.DEFAULT_HIDDEN;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens of calibration text, at most. Default: ${DEFAULT-VALUE}.")
  private int tokens = 500_000;

  @Option(
      names = "--holdout-tokens",
      paramLabel = "N",
      description = "Tokens of each held-out text, at most. Default: ${DEFAULT-VALUE}.")
  private int holdoutTokens = 16_384;

  @Option(
      names = "--round-tokens",
      paramLabel = "N",
      description =
          "Tokens that are trained on at once, and between two checkpoints, at most. "
              + "Default: what fits 256 MiB.")
  private int roundTokens;

  @Option(
      names = "--passes",
      paramLabel = "N",
      description = "Passes over the text. Default: ${DEFAULT-VALUE}.")
  private int passes = 2;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "The gates. Default: beside the model, MODEL.gates.safetensors.")
  private Path out;

  @Option(
      names = "--report",
      paramLabel = "FOLDER",
      description = "Where to write a report with charts; needs --holdout.")
  private Path report;

  @Option(
      names = "--resume",
      description = "Go on from the checkpoint of a run that was stopped (FILE.checkpoint).")
  private boolean resume;

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "N",
      description = "Of everything random. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /**
   * The schema of {@code --json}: recalls by text, then by predictor, the gap closed, and whether
   * the gates' probabilities come true, by distance.
   */
  private record Result(
      String model,
      String modelHash,
      String gates,
      long gatesBytes,
      GateShape shape,
      long seed,
      long trainedTokens,
      int passes,
      int rounds,
      int plannedRounds,
      double validationRecall,
      double seconds,
      double processorSeconds,
      int threads,
      long holdoutTokens,
      Map<String, Map<String, AlignReport.Recalls>> recall,
      Map<String, List<Double>> gapClosed,
      List<Reliability.Summary> reliability) {}

  AlignCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() throws IOException {
    check();
    EngineOptions options = model.options();
    Path target = out == null ? GateFile.of(model.model) : out;
    Path checkpoint = target.resolveSibling(target.getFileName() + ".checkpoint");
    long begin = System.nanoTime();
    double processorBefore = processorSeconds();
    int asked = options.context() == 0 ? DEFAULT_LENGTH : options.context();
    try (Engine engine = model.openEngine(shell.terminal(), options.withContext(asked))) {
      int length = Math.min(asked, engine.config().contextLength());
      int layers = horizon == null ? LookaheadGates.defaultHorizon(engine.config()) : horizon;
      var alignment =
          new GateAlignment(
              engine,
              texts,
              new GateAlignment.Options(
                  layers, hidden, tokens, length, roundTokens, passes, seed, checkpoint, resume));
      GateAlignment.Result trained = train(alignment);
      double seconds = (System.nanoTime() - begin) / 1e9;
      double processor = processorSeconds() - processorBefore;
      ModelHash hash = ModelHash.of(engine.file());
      GateFile.write(target, trained.gates(), hash, facts(trained));
      // What is judged is what was written, rounding and all.
      var report = new AlignReport(engine, GateFile.read(target, hash, engine.config()));
      judge(engine, report, length);
      finish(engine, trained, report, new Output(target, hash, seconds, processor));
      Files.deleteIfExists(checkpoint);
    }
    return ExitCode.OK;
  }

  private record Output(Path target, ModelHash hash, double seconds, double processorSeconds) {}

  /** What this process has used of all processors; 0 where the system does not tell. */
  private static double processorSeconds() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .map(time -> time.toNanos() / 1e9)
        .orElse(0.0);
  }

  private void check() {
    if (horizon != null) {
      requirePositive("--horizon", horizon);
    }
    requirePositive("--tokens", tokens);
    requirePositive("--holdout-tokens", holdoutTokens);
    requirePositive("--passes", passes);
    Flags.requireNotNegative("--hidden", hidden);
    Flags.requireNotNegative("--round-tokens", roundTokens);
    if (report != null && holdouts.isEmpty()) {
      throw new UsageException(
          "--report needs text to judge the gates on", "Name it with --holdout.");
    }
  }

  private static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new UsageException(
          "%s is %d, expected 1 or more".formatted(option, value), "Leave it out for the default.");
    }
  }

  private GateAlignment.Result train(GateAlignment alignment) {
    var listener = new Watcher();
    try {
      return alignment.run(listener);
    } finally {
      listener.close();
    }
  }

  /** Draws progress, and stops when the user wants it. */
  private final class Watcher implements GateAlignment.Listener {
    private Progress progress;

    @Override
    public void begun(int done, int total) {
      progress = Progress.of(shell.terminal(), "align", total);
      progress.step(done);
    }

    @Override
    public void collected() {
      shell.cancellation().check();
      progress.step(1);
    }

    @Override
    public void trained(int round, int rounds, double loss, double recall) {
      if (shell.terminal().errIsTerminal()) {
        shell
            .terminal()
            .message(
                String.format(
                    Locale.ROOT,
                    "round %d of %d: loss %.4f, validation recall@k %.4f",
                    round,
                    rounds,
                    loss,
                    recall));
      }
    }

    void close() {
      if (progress != null) {
        progress.close();
      }
    }
  }

  private Map<String, String> facts(GateAlignment.Result trained) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("trained_tokens", Long.toString(trained.tokens()));
    facts.put("passes", Integer.toString(passes));
    facts.put("seed", Long.toString(seed));
    facts.put("validation_recall_at_k", String.format(Locale.ROOT, "%.4f", trained.recall()));
    return facts;
  }

  private void judge(Engine engine, AlignReport report, int length) {
    int stretches = Math.ceilDiv(holdoutTokens, length);
    Map<Path, TextStretches> texts = new LinkedHashMap<>();
    for (Path file : holdouts) {
      texts.put(file, new TextStretches(List.of(file), engine.tokenizer(), length, stretches));
    }
    long total = texts.values().stream().mapToLong(TextStretches::count).sum();
    try (Progress progress = Progress.of(shell.terminal(), "judge", total)) {
      texts.forEach(
          (file, text) ->
              report.judge(
                  engine,
                  file,
                  text,
                  () -> {
                    shell.cancellation().check();
                    progress.step(1);
                  }));
    }
  }

  private void finish(
      Engine engine, GateAlignment.Result trained, AlignReport judged, Output output)
      throws IOException {
    Map<String, List<Double>> closed = new LinkedHashMap<>();
    for (String text : judged.texts()) {
      closed.put(
          text,
          IntStream.rangeClosed(1, judged.shape().horizon())
              .mapToObj(j -> judged.closed(text, j))
              .toList());
    }
    var result =
        new Result(
            model.model.getFileName().toString(),
            output.hash().hex(),
            output.target().getFileName().toString(),
            Files.size(output.target()),
            judged.shape(),
            seed,
            trained.tokens(),
            passes,
            trained.rounds(),
            trained.planned(),
            trained.recall(),
            output.seconds(),
            output.processorSeconds(),
            engine.threads(),
            judged.tokens(),
            judged.figures(),
            closed,
            holdouts.isEmpty() ? List.of() : judged.reliability());
    if (report != null) {
      String stem = "recall-" + GgufFile.stem(model.model);
      new AlignDocument(judged, stem, result, told(result)).write(report);
    }
    shell.terminal().println(json ? Json.pretty(result) : summary(result));
  }

  private Map<String, String> told(Result r) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model", "%s, hash `%.12s`".formatted(r.model(), r.modelHash()));
    facts.put(
        "gates",
        "%s, %s: horizon %d, hidden layer of %d"
            .formatted(r.gates(), Sizes.text(r.gatesBytes()), r.shape().horizon(), hidden));
    facts.put(
        "trained on",
        "%,d tokens of calibration text, %d passes, seed %d; %d of %d rounds"
            .formatted(r.trainedTokens(), passes, seed, r.rounds(), r.plannedRounds()));
    facts.put(
        "took",
        String.format(
            Locale.ROOT,
            "%.0f s on %d threads, %.0f s of processor time",
            r.seconds(),
            r.threads(),
            r.processorSeconds()));
    facts.put("judged on", "%,d held-out tokens".formatted(r.holdoutTokens()));
    return facts;
  }

  private String summary(Result r) {
    String gates =
        String.format(
            Locale.ROOT,
            "%s: %s, trained on %,d tokens in %.0f s, validation recall@k %.4f",
            r.gates(),
            Sizes.text(r.gatesBytes()),
            r.trainedTokens(),
            r.seconds(),
            r.validationRecall());
    return gates
        + r.gapClosed().entrySet().stream()
            .map(
                entry ->
                    "\n%s: closes %s of the gap"
                        .formatted(entry.getKey(), shares(entry.getValue())))
            .collect(Collectors.joining());
  }

  private static String shares(List<Double> closed) {
    return closed.stream()
        .map(share -> String.format(Locale.ROOT, "%.1f %%", 100 * share))
        .collect(Collectors.joining(", "));
  }
}
