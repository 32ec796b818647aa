package io.foregate.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.foregate.cli.flag.Flags;
import io.foregate.cli.flag.ModelFlags;
import io.foregate.cli.terminal.DrawnWork;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.ShellListener;
import io.foregate.cli.terminal.TextFile;
import io.foregate.engine.Engine;
import io.foregate.evaluate.NamedText;
import io.foregate.evaluate.PerplexityListener;
import io.foregate.evaluate.PerplexityMeasurement;
import io.foregate.evaluate.PerplexityResult;
import io.foregate.options.ModelOptions;
import io.foregate.report.Json;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code perplexity}: how well the model predicts a text. */
@Command(
    name = "perplexity",
    description = "Measure how well the model predicts a text (llama.cpp's conventions).",
    mixinStandardHelpOptions = true)
final class PerplexityCommand implements Callable<Integer> {
  private final Shell shell;

  @Mixin private ModelFlags model;

  @Option(
      names = {"-f", "--file"},
      required = true,
      paramLabel = "FILE",
      description =
          "The text, UTF-8, or - for standard input. --ctx is the chunks' length, by default "
              + PerplexityMeasurement.DEFAULT_CONTEXT
              + ".")
  private Path file;

  @Option(
      names = "--chunks",
      paramLabel = "N",
      description = "Score only that many chunks, -1 for all. Default: ${DEFAULT-VALUE}.")
  private int chunks = PerplexityMeasurement.ALL_CHUNKS;

  @Option(
      names = "--kl-divergence",
      paramLabel = "BASE",
      description =
          "Also say how far the model's probabilities are from those of another model with the same"
              + " vocabulary, such as the one that it was quantized from.")
  private Path base;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** The schema of {@code --json}. */
  private record Report(
      String model,
      String file,
      int context,
      int chunks,
      long scoredTokens,
      double perplexity,
      double error,
      double bitsPerToken,
      @JsonInclude(JsonInclude.Include.NON_NULL) BaseFigures base) {}

  /** What {@code --kl-divergence} adds; divergences in nats per token. */
  private record BaseFigures(String model, @JsonUnwrapped PerplexityResult.Against figures) {}

  PerplexityCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    ModelOptions given = model.options();
    int length = given.context() == 0 ? PerplexityMeasurement.DEFAULT_CONTEXT : given.context();
    ModelOptions options = given.withContext(length);
    Flags.check(() -> PerplexityMeasurement.requireContext(length));
    var text = new NamedText(file.toString(), TextFile.read(file, shell.terminal()));
    try (Engine engine = model.openEngine(shell.terminal(), options)) {
      ModelFlags.tellLongContext(shell.terminal(), length, engine.config().contextLength());
      var measurement = new PerplexityMeasurement(engine, text, chunks);
      if (base == null) {
        try (var listener = new Running()) {
          print(measurement.run(listener));
        }
      } else {
        try (Engine baseEngine = Engine.open(base, PerplexityMeasurement.baseOptions(options));
            var listener = new Running()) {
          print(measurement.against(baseEngine, listener));
        }
      }
    }
    return ExitCode.OK;
  }

  /** Prints the figure so far after each chunk, beside the bar. */
  private final class Running implements PerplexityListener, DrawnWork {
    private final ShellListener bar = new ShellListener(shell);

    @Override
    public ShellListener bar() {
      return bar;
    }

    @Override
    public void scored(int chunk, double perplexity) {
      if (!json) {
        shell.terminal().print("[%d]%s,".formatted(chunk, decimal(perplexity, 4)));
      }
    }
  }

  private void print(PerplexityResult result) {
    if (json) {
      var report =
          new Report(
              model.model.toString(),
              file.toString(),
              result.context(),
              result.chunks(),
              result.scoredTokens(),
              result.perplexity(),
              result.error(),
              result.bitsPerToken(),
              result.base().map(figures -> new BaseFigures(base.toString(), figures)).orElse(null));
      shell.terminal().println(Json.pretty(report));
      return;
    }
    shell.terminal().endLine();
    shell
        .terminal()
        .println(
            "Final estimate: PPL = %s +/- %s"
                .formatted(decimal(result.perplexity(), 4), decimal(result.error(), 5)));
    result.base().ifPresent(against -> shell.terminal().println(text(against)));
  }

  private static String text(PerplexityResult.Against against) {
    String base =
        "Base: PPL = %s, ratio %s"
            .formatted(decimal(against.perplexity(), 4), decimal(against.perplexityRatio(), 5));
    String divergence =
        "KL divergence: mean %s +/- %s, median %s, 99%% %s, greatest %s nats"
            .formatted(
                decimal(against.klDivergence(), 6),
                decimal(against.klDivergenceError(), 6),
                decimal(against.klDivergenceMedian(), 6),
                decimal(against.klDivergenceP99(), 6),
                decimal(against.klDivergenceGreatest(), 6));
    String top = "Same top token: %s%%".formatted(decimal(100 * against.sameTopToken(), 2));
    return String.join("\n", base, divergence, top);
  }

  private static String decimal(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
