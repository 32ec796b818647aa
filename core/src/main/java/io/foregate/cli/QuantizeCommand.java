package io.foregate.cli;

import io.foregate.cli.flag.Flags;
import io.foregate.cli.flag.Habits;
import io.foregate.cli.flag.ShardFlags;
import io.foregate.cli.output.QuantizeText;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Hints;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.ShellListener;
import io.foregate.cli.terminal.UsageException;
import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.gguf.ShardLimit;
import io.foregate.inspect.TensorPart;
import io.foregate.quantize.Quantization;
import io.foregate.quantize.QuantizeMethod;
import io.foregate.quantize.QuantizeOptions;
import io.foregate.quantize.QuantizeReport;
import io.foregate.quantize.TypeRule;
import io.foregate.report.Json;
import io.foregate.report.TextFileWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code quantize}: the same model with its experts, and what else is asked for, in other types.
 */
@Command(
    name = "quantize",
    description =
        "Write a model anew with its experts, and other parts if told so, in other types; the rest"
            + " is kept. TYPE is Q8_0, Q6_K, Q5_K, Q4_K, Q3_K, Q2_K, Q4_0, IQ4_NL, ..., or keep.",
    mixinStandardHelpOptions = true)
final class QuantizeCommand implements Callable<Integer> {
  private final Shell shell;

  @Option(names = "--experts", paramLabel = "TYPE", description = "Type of the experts.")
  private String experts;

  @Option(
      names = "--shared-experts",
      paramLabel = "TYPE",
      description = "Type of the experts that every token uses.")
  private String sharedExperts;

  @Option(
      names = "--feed-forward",
      paramLabel = "TYPE",
      description = "Type of dense feed-forward layers.")
  private String feedForward;

  @Option(names = "--attention", paramLabel = "TYPE", description = "Type of attention.")
  private String attention;

  @Option(names = "--embedding", paramLabel = "TYPE", description = "Type of the embedding.")
  private String embedding;

  @Option(names = "--output", paramLabel = "TYPE", description = "Type of the output matrix.")
  private String output;

  @Option(
      names = "--per-layer",
      paramLabel = "RULE",
      description =
          "LAYERS=TYPE for the experts of some layers, such as 0-3=Q4_K; or PATTERN=TYPE for"
              + " tensors in whose names a regular expression is found. May be repeated; the last"
              + " rule that covers a tensor decides.")
  private List<String> perLayer = List.of();

  @Option(
      names = "--method",
      paramLabel = "NAME",
      description =
          "How codes are found: search (least error), hqq (half-quadratic, outliers weigh less) or"
              + " reference (as ggml does). Default: ${DEFAULT-VALUE}.")
  private String method = "search";

  @Option(
      names = "--imatrix",
      paramLabel = "FILE",
      description =
          "How much each input matters, from foregate trace --imatrix or llama.cpp's"
              + " llama-imatrix (GGUF).")
  private Path imatrix;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads; default: one per core.")
  private int threads;

  @Option(names = "--force", description = "Replace OUT and the report if they exist.")
  private boolean force;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Also write the JSON object, which has each tensor's error, to a file.")
  private Path report;

  @Mixin private ShardFlags shards;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "The model, a GGUF file or any of its shards.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "The GGUF file to write.")
  private Path out;

  QuantizeCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    QuantizeOptions options = options();
    Flags.check(() -> Quantization.requireOther(in, out));
    if (report != null) {
      Target.require(report, FileKind.TEXT, force);
    }
    try (var listener = new ShellListener(shell)) {
      print(Quantization.write(in, out, options, listener));
    }
    return ExitCode.OK;
  }

  private QuantizeOptions options() {
    ShardLimit limit = shards.limit();
    return new QuantizeOptions(
        rules(),
        method(),
        Optional.ofNullable(imatrix),
        Math.max(0, threads),
        force,
        limit.bytes(),
        limit.tensors());
  }

  private List<TypeRule> rules() {
    List<TypeRule> rules = new ArrayList<>();
    add(rules, "--experts", TensorPart.EXPERTS, experts);
    add(rules, "--shared-experts", TensorPart.SHARED_EXPERTS, sharedExperts);
    add(rules, "--feed-forward", TensorPart.FEED_FORWARD, feedForward);
    add(rules, "--attention", TensorPart.ATTENTION, attention);
    add(rules, "--embedding", TensorPart.EMBEDDING, embedding);
    add(rules, "--output", TensorPart.OUTPUT, output);
    perLayer.forEach(
        rule ->
            rules.add(
                rule(
                    "--per-layer",
                    rule,
                    rule.substring(rule.lastIndexOf('=') + 1),
                    TypeRule::parse)));
    if (rules.isEmpty()) {
      throw new UsageException(
          "nothing is to be quantized", "Say what, for example --experts Q4_K.");
    }
    return rules;
  }

  private static void add(List<TypeRule> rules, String option, TensorPart part, String type) {
    if (type != null) {
      rules.add(rule(option, type, type, name -> TypeRule.ofPart(part, name)));
    }
  }

  /** A rule, called as it was given; a type of llama.cpp's leads to the one that is nearest. */
  private static TypeRule rule(
      String option, String value, String type, Function<String, TypeRule> reader) {
    try {
      return reader.apply(value).calledAs(option + " " + value);
    } catch (ForegateException e) {
      String nearest = Habits.nearestType(type);
      throw new UsageException(
          option + ": " + e.getMessage(),
          nearest == null
              ? Hints.of(e)
              : "Nearest to it is --experts %s: types are given by parts of the model. %s"
                  .formatted(nearest, Hints.of(e)));
    }
  }

  private QuantizeMethod method() {
    return Arrays.stream(QuantizeMethod.values())
        .filter(m -> m.name().equalsIgnoreCase(method))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--method '%s' is not known".formatted(method),
                    "Methods: %s."
                        .formatted(
                            Arrays.stream(QuantizeMethod.values())
                                .map(m -> m.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", ")))));
  }

  private void print(QuantizeReport result) {
    if (json) {
      shell.terminal().println(Json.pretty(result));
    } else {
      shell.terminal().print(QuantizeText.of(result));
    }
    if (report != null) { // last: what was found out is not lost with the file
      TextFileWriter.write(report, Json.pretty(result) + "\n");
    }
  }
}
