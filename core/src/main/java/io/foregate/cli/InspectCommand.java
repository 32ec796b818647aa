package io.foregate.cli;

import io.foregate.cli.flag.SizeConverter;
import io.foregate.cli.output.InspectText;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.UsageException;
import io.foregate.inspect.CopyBound;
import io.foregate.inspect.Inspection;
import io.foregate.inspect.ModelFile;
import io.foregate.inspect.VramFit;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.report.Json;
import io.foregate.report.Sizes;
import io.foregate.report.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code inspect}: the facts of a GGUF file, whether or not this build can run it. */
@Command(
    name = "inspect",
    description = "Print a GGUF's facts: sizes, types, KV cache, what fits a GPU.",
    mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
  private final Shell shell;

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "The model, a GGUF file or any of its shards.")
  private Path file;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "FILE",
      description = "The same as the parameter.")
  private Path model;

  @Option(names = "--tensors", description = "List every tensor.")
  private boolean tensors;

  @Option(names = "--metadata", description = "List every metadata entry, long ones shortened.")
  private boolean metadata;

  @Option(
      names = {"-c", "--ctx", "--ctx-size"},
      paramLabel = "N",
      description = "Tokens of the KV cache to reckon with; default: the model's context.")
  private int context;

  @Option(
      names = "--kv-type",
      paramLabel = "TYPE",
      description = "Type of the KV cache to reckon with: ${COMPLETION-CANDIDATES}.")
  private KvType kvType = ModelOptions.defaults().kvType();

  @Option(
      names = "--vram",
      split = ",",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description =
          "A GPU's memory, e.g. 8GiB (2^30 bytes each) or 8GB (10^9); or several: print what fits,"
              + " and how many experts.")
  private List<Long> vram = List.of();

  @Option(
      names = "--link-gbps",
      split = ",",
      paramLabel = "X",
      description =
          "With --vram: speed of the link to the GPU in GB/s, or several, to bound tok/s. Default: "
              + CopyBound.DEFAULT_LINK_GBPS
              + ".")
  private List<Double> links = List.of(CopyBound.DEFAULT_LINK_GBPS);

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /**
   * The schema of {@code --json}; a part that was not asked for is {@code null}. {@code fits} has
   * all sizes and links, {@code fit} and {@code copyBound} the first.
   */
  private record Report(
      Inspection facts,
      VramFit fit,
      CopyBound copyBound,
      List<Fit> fits,
      Map<String, String> metadata,
      List<ModelFile.Tensor> tensors) {}

  /** What fits one GPU, over one link; no bound where nothing has to be copied. */
  private record Fit(VramFit fit, CopyBound copyBound) {}

  InspectCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    if ((file == null) == (model == null)) {
      throw new UsageException(
          "inspect takes one model", "Write: foregate inspect FILE (or --model FILE).");
    }
    try (ModelFile gguf = ModelFile.open(file == null ? model : file)) {
      Inspection facts = gguf.inspect(context, kvType);
      List<Fit> fits = fits(facts);
      if (json) {
        shell
            .terminal()
            .println(
                Json.pretty(
                    new Report(
                        facts,
                        fits.isEmpty() ? null : fits.getFirst().fit(),
                        fits.isEmpty() ? null : fits.getFirst().copyBound(),
                        fits.isEmpty() ? null : fits,
                        metadata ? gguf.metadata() : null,
                        tensors ? gguf.tensors() : null)));
      } else {
        shell.terminal().print(text(gguf, facts, fits));
      }
    }
    return ExitCode.OK;
  }

  private List<Fit> fits(Inspection facts) {
    List<Fit> fits = new ArrayList<>();
    for (long size : vram) {
      VramFit fit = VramFit.of(facts, size);
      links.forEach(link -> fits.add(new Fit(fit, CopyBound.of(facts, fit, link))));
    }
    return fits;
  }

  private String text(ModelFile gguf, Inspection facts, List<Fit> fits) {
    var text = new StringBuilder(facts.model()).append('\n');
    text.append(InspectText.facts(facts)).append('\n').append(InspectText.parts(facts));
    VramFit told = null;
    for (Fit each : fits) {
      if (!each.fit().equals(told)) {
        told = each.fit();
        text.append('\n').append(InspectText.fit(facts, told));
      }
      if (each.copyBound() != null) {
        text.append('\n').append(InspectText.copyBound(facts, each.copyBound()));
      }
    }
    if (metadata) {
      var table = new Table("  ", "ll");
      gguf.metadata().forEach(table::row);
      text.append("\nmetadata\n").append(table);
    }
    if (tensors) {
      var table = new Table("  ", "llrr");
      gguf.tensors()
          .forEach(t -> table.row(t.name(), t.type(), dimensions(t), Sizes.text(t.bytes())));
      text.append("\ntensors\n").append(table);
    }
    return text.toString();
  }

  private static String dimensions(ModelFile.Tensor tensor) {
    return tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(" x "));
  }
}
