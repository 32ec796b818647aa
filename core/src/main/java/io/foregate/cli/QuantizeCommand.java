package io.foregate.cli;

import io.foregate.backend.ImportanceMatrix;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.WeightQuantizer.Method;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
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

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Also write the JSON object, which has each tensor's error, to a file.")
  private Path report;

  @Parameters(index = "0", paramLabel = "IN", description = "The model, a GGUF file.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "The GGUF file to write.")
  private Path out;

  QuantizeCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() throws IOException {
    Flags.requireNotNegative("--threads", threads);
    List<TypeRule> rules = rules();
    Method how = method();
    long begin = System.nanoTime();
    try (GgufFile file = GgufFile.open(in)) {
      refuseToOverwrite();
      QuantizePlan plan = QuantizePlan.of(file, rules);
      ImportanceMatrix importance =
          imatrix == null ? ImportanceMatrix.NONE : ImportanceMatrix.read(imatrix);
      int workers = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
      long weights = plan.targets().keySet().stream().mapToLong(GgufTensor::elements).sum();
      List<QuantizeReport.Tensor> tensors;
      try (var requantizer =
              new Requantizer(file, plan, how, importance, workers, shell.cancellation());
          Progress progress = Progress.of(shell.terminal(), "quantize", weights)) {
        tensors = requantizer.write(out, progress);
      }
      print(report(file, tensors, how, (System.nanoTime() - begin) / 1e9));
    }
    return ExitCode.OK;
  }

  private List<TypeRule> rules() {
    List<TypeRule> rules = new ArrayList<>();
    add(rules, "--experts", TensorPart.EXPERTS, experts);
    add(rules, "--shared-experts", TensorPart.SHARED_EXPERTS, sharedExperts);
    add(rules, "--feed-forward", TensorPart.FEED_FORWARD, feedForward);
    add(rules, "--attention", TensorPart.ATTENTION, attention);
    add(rules, "--embedding", TensorPart.EMBEDDING, embedding);
    add(rules, "--output", TensorPart.OUTPUT, output);
    perLayer.forEach(rule -> rules.add(TypeRule.parse("--per-layer", rule)));
    if (rules.isEmpty()) {
      throw new UsageException(
          "nothing is to be quantized", "Say what, for example --experts Q4_K.");
    }
    return rules;
  }

  private static void add(List<TypeRule> rules, String option, TensorPart part, String type) {
    if (type != null) {
      rules.add(TypeRule.ofPart(option, part, type));
    }
  }

  private Method method() {
    return Arrays.stream(Method.values())
        .filter(m -> m.name().equalsIgnoreCase(method))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--method '%s' is not known".formatted(method),
                    "Methods: %s."
                        .formatted(
                            Arrays.stream(Method.values())
                                .map(m -> m.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", ")))));
  }

  private QuantizeReport report(
      GgufFile file, List<QuantizeReport.Tensor> tensors, Method how, double seconds)
      throws IOException {
    long weights = file.tensors().stream().mapToLong(GgufTensor::elements).sum();
    long bytes;
    try (GgufFile written = GgufFile.open(out)) {
      bytes = written.tensors().stream().mapToLong(GgufTensor::byteSize).sum();
    }
    return new QuantizeReport(
        out.toString(),
        in.toString(),
        how.name().toLowerCase(Locale.ROOT),
        imatrix == null ? null : imatrix.toString(),
        QuantizeReport.count(tensors.stream().map(QuantizeReport.Tensor::before).toList()),
        QuantizeReport.count(tensors.stream().map(QuantizeReport.Tensor::after).toList()),
        tensors.size(),
        file.tensors().size() - tensors.size(),
        file.fileSize(),
        Files.size(out),
        8.0 * bytes / weights,
        seconds,
        QuantizeReport.parts(tensors),
        tensors);
  }

  private void print(QuantizeReport result) {
    if (report != null) {
      TextFile.write(report, Json.pretty(result) + "\n");
    }
    if (json) {
      shell.terminal().println(Json.pretty(result));
    } else {
      shell.terminal().print(result.text());
    }
  }

  private void refuseToOverwrite() throws IOException {
    if (!Files.exists(out)) {
      return;
    }
    if (Files.isSameFile(in, out)) {
      throw new UsageException(
          "%s is both the model to read and the file to write".formatted(in),
          "Write to another file, then rename it.");
    }
    if (!force) {
      throw new CommandException(
          out + " exists", "Choose another name, or replace it with --force.");
    }
  }
}
