package io.foregate.cli;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.Quants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code quantize}: the same model with its experts in another type. */
@Command(
    name = "quantize",
    description = "Write a model anew with its experts in another type; the rest is kept.",
    mixinStandardHelpOptions = true)
final class QuantizeCommand implements Callable<Integer> {
  private final Shell shell;

  @Option(
      names = "--experts",
      required = true,
      paramLabel = "TYPE",
      description = "Type of the experts' tensors, e.g. Q4_K, Q3_K or Q2_K.")
  private String experts;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads; default: one per core.")
  private int threads;

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Parameters(index = "0", paramLabel = "IN", description = "The model, a GGUF file.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "The GGUF file to write.")
  private Path out;

  /** The schema of {@code --json}; {@code typesBefore} counts the changed tensors by type. */
  private record Result(
      String model,
      Map<String, Integer> typesBefore,
      String type,
      int tensors,
      int tensorsKept,
      long bytesBefore,
      long bytesAfter,
      double seconds) {}

  QuantizeCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() throws IOException {
    Flags.requireNotNegative("--threads", threads);
    GgmlType type = type();
    long begin = System.nanoTime();
    try (GgufFile file = GgufFile.open(in)) {
      refuseToOverwrite();
      List<GgufTensor> chosen = expertTensors(file, type);
      int workers = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
      long elements = chosen.stream().mapToLong(GgufTensor::elements).sum();
      try (var requantizer = new Requantizer(file, type, workers, shell.cancellation());
          Progress progress = Progress.of(shell.terminal(), "experts to " + type, elements)) {
        requantizer.write(out, chosen, progress);
      }
      report(file, chosen, type, (System.nanoTime() - begin) / 1e9);
    }
    return ExitCode.OK;
  }

  private void report(GgufFile file, List<GgufTensor> chosen, GgmlType type, double seconds)
      throws IOException {
    Map<String, Integer> types = new TreeMap<>();
    chosen.forEach(tensor -> types.merge(tensor.type().name(), 1, Integer::sum));
    int kept = file.tensors().size() - chosen.size();
    long before = file.fileSize();
    long after = Files.size(out);
    String report =
        json
            ? Json.pretty(
                new Result(
                    out.toString(),
                    types,
                    type.name(),
                    chosen.size(),
                    kept,
                    before,
                    after,
                    seconds))
            : "%s: %d expert tensors %s -> %s, %d others kept, %s -> %s"
                .formatted(
                    out,
                    chosen.size(),
                    String.join(", ", types.keySet()),
                    type,
                    kept,
                    Sizes.text(before),
                    Sizes.text(after));
    shell.terminal().println(report);
  }

  private GgmlType type() {
    return quantizable()
        .filter(type -> type.name().equalsIgnoreCase(experts))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "'%s' is no type for experts".formatted(experts),
                    "Types: %s."
                        .formatted(
                            quantizable().map(GgmlType::name).collect(Collectors.joining(", ")))));
  }

  private static Stream<GgmlType> quantizable() {
    return Arrays.stream(GgmlType.values()).filter(Quants::writes);
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

  private static List<GgufTensor> expertTensors(GgufFile file, GgmlType type) {
    List<GgufTensor> chosen =
        file.tensors().stream()
            .filter(tensor -> TensorPart.of(tensor.name()) == TensorPart.EXPERTS)
            .toList();
    if (chosen.isEmpty()) {
      throw new CommandException(
          "%s has no expert tensors among its %d".formatted(file.path(), file.tensors().size()),
          "quantize changes the experts of a Mixture-of-Experts model; this one is dense.");
    }
    for (GgufTensor tensor : chosen) {
      if (!Quants.supports(tensor.type())) {
        throw new CommandException(
            "%s: tensor '%s' has type %s, which cannot be read"
                .formatted(file.path(), tensor.name(), tensor.type()),
            "Begin with a model in one of: %s."
                .formatted(quantizable().map(GgmlType::name).collect(Collectors.joining(", "))));
      }
      if (tensor.dim(0) % type.blockSize() != 0) {
        throw new CommandException(
            "%s: tensor '%s' has rows of %d weights, and %s needs whole blocks of %d"
                .formatted(file.path(), tensor.name(), tensor.dim(0), type, type.blockSize()),
            "Choose a type with blocks of 32, such as Q4_0 or Q8_0.");
      }
    }
    return chosen;
  }
}
