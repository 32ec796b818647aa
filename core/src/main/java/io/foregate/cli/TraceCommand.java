package io.foregate.cli;

import io.foregate.calibrate.ImportanceMeasurement;
import io.foregate.calibrate.TraceOptions;
import io.foregate.calibrate.TraceRecording;
import io.foregate.calibrate.TraceReport;
import io.foregate.cli.flag.Flags;
import io.foregate.cli.flag.ModelFlags;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.ShellListener;
import io.foregate.cli.terminal.TextFile;
import io.foregate.cli.terminal.UsageException;
import io.foregate.engine.Engine;
import io.foregate.evaluate.NamedText;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.trace.TraceStatistics;
import io.foregate.options.ModelOptions;
import io.foregate.report.Json;
import io.foregate.report.Sizes;
import io.foregate.report.Table;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code trace}: records how a model routes texts, and what gates said about it. */
@Command(
    name = "trace",
    description = "Record which experts a model uses on given texts, and what gates predict.",
    mixinStandardHelpOptions = true)
final class TraceCommand implements Callable<Integer> {
  private final Shell shell;

  @Mixin private ModelFlags model;

  @Option(
      names = "--text",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description = "Texts, UTF-8; - is standard input.")
  private List<Path> texts;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "The trace to write.")
  private Path out;

  @Option(
      names = "--imatrix",
      paramLabel = "FILE",
      description =
          "Write how much each input of each matrix matters on these texts, for foregate quantize"
              + " and llama.cpp's llama-quantize; with all experts resident, on the CPU.")
  private Path imatrix;

  @Option(
      names = "--horizon",
      paramLabel = "K",
      description =
          "Layers that untrained gates look ahead. Default: "
              + LookaheadGates.DEFAULT_HORIZON
              + ", or all others of a model with fewer.")
  private Integer horizon;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens of each text, -1 for all. Default: ${DEFAULT-VALUE}.")
  private int tokens = TraceOptions.defaults().tokens();

  @Option(
      names = "--generate",
      paramLabel = "N",
      description =
          "Instead of going on with the text, let the model generate the last N tokens of each "
              + "chunk, greedily. What comes before them is marked as its prompt.")
  private int generate;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  TraceCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    if (out == null && imatrix == null) {
      throw new UsageException("nothing is to be written", "Give --out, --imatrix, or both.");
    }
    if (out != null) {
      Target.require(out, FileKind.TRACE, model.force());
    }
    if (imatrix != null) {
      Target.require(imatrix, FileKind.IMATRIX, model.force());
    }
    ModelOptions options = model.options();
    // Once: standard input cannot be read again.
    List<NamedText> contents =
        texts.stream()
            .map(file -> new NamedText(file.toString(), TextFile.read(file, shell.terminal())))
            .toList();
    if (imatrix != null) {
      measureInputs(options, contents);
    }
    if (out != null) {
      record(options, contents);
      print();
    }
    return ExitCode.OK;
  }

  private void measureInputs(ModelOptions options, List<NamedText> contents) {
    ModelOptions suited = ImportanceMeasurement.suited(options);
    ImportanceMeasurement.Result result;
    try (Engine engine = model.openEngine(shell.terminal(), suited);
        var listener = new ShellListener(shell)) {
      result = ImportanceMeasurement.write(engine, contents, tokens, imatrix, listener);
    }
    // With --json, standard output has one object, the trace's.
    if (!json) {
      shell
          .terminal()
          .println(
              "%s: importance of the inputs of %s, %s of %s"
                  .formatted(
                      imatrix,
                      Sizes.counted(result.tensors(), "tensor"),
                      Sizes.counted(result.tokens(), "token"),
                      Sizes.counted(texts.size(), "text")));
    }
  }

  private void record(ModelOptions options, List<NamedText> contents) {
    TraceOptions what =
        TraceOptions.defaults()
            .withTokens(tokens)
            .withHorizon(horizon == null ? 0 : horizon)
            .withGenerated(generate);
    try (Engine engine = model.openEngine(shell.terminal(), options);
        var listener = new ShellListener(shell)) {
      if (engine.config().isMoe()) {
        Flags.check(() -> TraceRecording.requireSuited(engine, what));
      }
      TraceRecording.write(engine, contents, what, out, listener);
    }
  }

  private void print() {
    TraceReport report = TraceReport.of(out);
    if (json) {
      shell.terminal().println(Json.pretty(report));
      return;
    }
    shell
        .terminal()
        .println(
            "%s: %s of %s, %s"
                .formatted(
                    out,
                    Sizes.counted(report.statistics().tokens(), "token"),
                    Sizes.counted(texts.size(), "text"),
                    Sizes.text(report.bytes())));
    shell.terminal().print(repetition(report.statistics()) + "\n" + recallTable(report));
  }

  private static String repetition(TraceStatistics statistics) {
    var table =
        new Table("  ", "rrrr").row("layer", "repeats first", "repeats any", "largest share");
    for (int layer = 0; layer < statistics.layers().size(); layer++) {
      TraceStatistics.Layer l = statistics.layers().get(layer);
      double largest = l.share().stream().mapToDouble(v -> v).max().orElseThrow();
      table.row(layer, percent(l.repeatsFirst()), percent(l.repeatsAny()), percent(largest));
    }
    return table.toString();
  }

  private static String recallTable(TraceReport report) {
    var text = new StringBuilder("recall@" + report.used() + " by distance\n");
    report
        .recall()
        .forEach(
            (name, values) -> {
              text.append("  ").append(name);
              values.forEach(v -> text.append("  ").append(String.format(Locale.ROOT, "%.3f", v)));
              text.append('\n');
            });
    return text.toString();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
