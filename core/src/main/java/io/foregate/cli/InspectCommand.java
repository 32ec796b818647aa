package io.foregate.cli;

import io.foregate.backend.KvType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
  private static final int LONGEST_VALUE = 80;

  private final Shell shell;

  @Parameters(arity = "0..1", paramLabel = "FILE", description = "The model, a GGUF file.")
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
      names = {"-c", "--ctx"},
      paramLabel = "N",
      description = "Tokens of the KV cache to reckon with; default: the model's context.")
  private int context;

  @Option(
      names = "--kv-type",
      paramLabel = "TYPE",
      description = "Type of the KV cache to reckon with: ${COMPLETION-CANDIDATES}.")
  private KvType kvType = KvType.F16;

  @Option(
      names = "--vram",
      paramLabel = "SIZE",
      converter = Sizes.Converter.class,
      description = "A GPU's memory, e.g. 8GiB: print what fits, and how many experts.")
  private Long vram;

  @Option(
      names = "--link-gbps",
      paramLabel = "X",
      description =
          "With --vram: speed of the link to the GPU in GB/s, to bound tok/s. Default: "
              + CopyBound.DEFAULT_LINK_GBPS
              + ".")
  private Double linkGbps;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** The schema of {@code --json}; a part that was not asked for is {@code null}. */
  private record Report(
      Inspection facts,
      VramFit fit,
      CopyBound copyBound,
      Map<String, String> metadata,
      List<TensorRow> tensors) {}

  private record TensorRow(String name, String type, List<Long> shape, long offset, long bytes) {}

  InspectCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    if ((file == null) == (model == null)) {
      throw new UsageException(
          "inspect takes one model", "Write: foregate inspect FILE (or --model FILE).");
    }
    Flags.requireNotNegative("--ctx", context);
    double link = link();
    try (GgufFile gguf = GgufFile.open(file == null ? model : file)) {
      Inspection facts = Inspection.of(gguf, Support.obstacle(gguf), context, kvType);
      VramFit fit = vram == null ? null : VramFit.of(facts, vram);
      CopyBound bound = fit == null ? null : CopyBound.of(facts, fit, link);
      if (json) {
        shell
            .terminal()
            .println(
                Json.pretty(
                    new Report(
                        facts,
                        fit,
                        bound,
                        metadata ? metadataTable(gguf) : null,
                        tensors ? tensorTable(gguf) : null)));
      } else {
        shell.terminal().print(text(gguf, facts, fit, bound));
      }
    }
    return ExitCode.OK;
  }

  private double link() {
    if (linkGbps == null) {
      return CopyBound.DEFAULT_LINK_GBPS;
    }
    if (vram == null) {
      throw new UsageException(
          "--link-gbps says nothing without --vram", "Add the GPU's memory, e.g. --vram 8GiB.");
    }
    if (!(linkGbps > 0 && linkGbps < Double.POSITIVE_INFINITY)) {
      throw new UsageException(
          "--link-gbps is %s, expected more than 0".formatted(linkGbps),
          "PCIe 4.0 x16 copies about 25 GB/s.");
    }
    return linkGbps;
  }

  private String text(GgufFile gguf, Inspection facts, VramFit fit, CopyBound bound) {
    var text = new StringBuilder(facts.model()).append('\n');
    text.append(InspectText.facts(facts)).append('\n').append(InspectText.parts(facts));
    if (fit != null) {
      text.append('\n').append(InspectText.fit(facts, fit));
    }
    if (bound != null) {
      text.append('\n').append(InspectText.copyBound(facts, bound));
    }
    if (metadata) {
      var table = new Table("  ", "ll");
      metadataTable(gguf).forEach(table::row);
      text.append("\nmetadata\n").append(table);
    }
    if (tensors) {
      var table = new Table("  ", "llrr");
      tensorTable(gguf)
          .forEach(t -> table.row(t.name(), t.type(), dimensions(t), Sizes.text(t.bytes())));
      text.append("\ntensors\n").append(table);
    }
    return text.toString();
  }

  private static String dimensions(TensorRow tensor) {
    return tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(" x "));
  }

  private static List<TensorRow> tensorTable(GgufFile gguf) {
    return gguf.tensors().stream().map(InspectCommand::row).toList();
  }

  private static TensorRow row(GgufTensor tensor) {
    return new TensorRow(
        tensor.name(), tensor.type().name(), tensor.shape(), tensor.offset(), tensor.byteSize());
  }

  private static Map<String, String> metadataTable(GgufFile gguf) {
    Map<String, String> table = new LinkedHashMap<>();
    gguf.metadata().asMap().forEach((key, value) -> table.put(oneLine(key), show(value)));
    return table;
  }

  private static String show(GgufValue value) {
    return switch (value) {
      case GgufArray array ->
          "[%d x %s]".formatted(array.size(), array.elementType().name().toLowerCase(Locale.ROOT));
      case GgufValue.Str(String text) -> shorten(oneLine(text));
      case GgufValue.F32(float v) -> Float.toString(v);
      case GgufValue.F64(double v) -> Double.toString(v);
      case GgufValue.Bool(boolean v) -> Boolean.toString(v);
      case GgufValue.U64(long v) -> Long.toUnsignedString(v);
      case GgufValue.I64(long v) -> Long.toString(v);
      case GgufValue.U32(long v) -> Long.toString(v);
      case GgufValue.I32(int v) -> Integer.toString(v);
      case GgufValue.U16(int v) -> Integer.toString(v);
      case GgufValue.I16(short v) -> Short.toString(v);
      case GgufValue.U8(int v) -> Integer.toString(v);
      case GgufValue.I8(byte v) -> Byte.toString(v);
    };
  }

  /** A file must not be able to move the cursor of whoever inspects it. */
  private static String oneLine(String text) {
    return text.replace("\n", "\\n").replaceAll("\\p{Cntrl}", "?");
  }

  private static String shorten(String text) {
    return text.length() <= LONGEST_VALUE
        ? text
        : text.substring(0, LONGEST_VALUE) + "... (" + text.length() + " characters)";
  }
}
