package io.foregate.cli;

import io.foregate.calibrate.AlignListener;
import io.foregate.calibrate.AlignOptions;
import io.foregate.calibrate.AlignResult;
import io.foregate.calibrate.Alignment;
import io.foregate.cli.flag.ModelFlags;
import io.foregate.cli.terminal.DrawnWork;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.ShellListener;
import io.foregate.cli.terminal.TextFile;
import io.foregate.cli.terminal.UsageException;
import io.foregate.engine.Engine;
import io.foregate.gate.GateFile;
import io.foregate.gate.LookaheadGates;
import io.foregate.options.ModelOptions;
import io.foregate.report.Json;
import io.foregate.report.Sizes;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code align}: trains a model's lookahead gates (LGA), and says how good they are. */
@Command(
    name = "align",
    description = "Train lookahead gates, which predict the experts that a model will need.",
    mixinStandardHelpOptions = true)
final class AlignCommand implements Callable<Integer> {
  private final Shell shell;

  @Mixin private ModelFlags model;

  @Option(
      names = "--text",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "Calibration text, UTF-8. --ctx is the chunks' length, by default "
              + AlignOptions.DEFAULT_LENGTH
              + ".")
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
      description =
          "Layers to look ahead. Default: "
              + LookaheadGates.DEFAULT_HORIZON
              + ", or all others of a model with fewer.")
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
  private int tokens = AlignOptions.DEFAULT_TOKENS;

  @Option(
      names = "--holdout-tokens",
      paramLabel = "N",
      description = "Tokens of each held-out text, at most. Default: ${DEFAULT-VALUE}.")
  private int holdoutTokens = AlignOptions.DEFAULT_HOLDOUT_TOKENS;

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
  private int passes = AlignOptions.DEFAULT_PASSES;

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
  private long seed = AlignOptions.DEFAULT_SEED;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  AlignCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    if (report != null && holdouts.isEmpty()) {
      throw new UsageException(
          "--report needs text to judge the gates on", "Name it with --holdout.");
    }
    texts.forEach(text -> TextFile.tellMark(text, shell.terminal()));
    holdouts.forEach(text -> TextFile.tellMark(text, shell.terminal()));
    ModelOptions options = model.options();
    int length = options.context() == 0 ? AlignOptions.DEFAULT_LENGTH : options.context();
    var alignment = new Alignment(out == null ? GateFile.of(model.model) : out, options(length));
    try (Engine engine = model.openEngine(shell.terminal(), options.withContext(length))) {
      if (report != null) {
        alignment.requireReport(report, model.model);
      }
      AlignResult result = align(alignment, engine);
      shell.terminal().println(json ? Json.pretty(result) : summary(result));
      if (report != null) { // last: what was found out is not lost with the files
        alignment.writeReport(report);
      }
    }
    return ExitCode.OK;
  }

  private AlignResult align(Alignment alignment, Engine engine) {
    try (var watcher = new Watcher()) {
      return alignment.run(engine, watcher);
    }
  }

  private AlignOptions options(int length) {
    return new AlignOptions(
        texts,
        holdouts,
        horizon == null ? 0 : horizon,
        hidden,
        tokens,
        holdoutTokens,
        length,
        roundTokens,
        passes,
        seed,
        resume,
        model.force());
  }

  /** Draws a bar, and tells a person of each round. */
  private final class Watcher implements AlignListener, DrawnWork {
    private final ShellListener bar = new ShellListener(shell);

    @Override
    public ShellListener bar() {
      return bar;
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
  }

  private static String summary(AlignResult r) {
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
