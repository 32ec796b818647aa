package io.foregate.cli;

import io.foregate.cli.flag.Habits;
import io.foregate.cli.flag.ShardFlags;
import io.foregate.cli.terminal.Cancellation.CancelledException;
import io.foregate.cli.terminal.CommandException;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Progress;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.UsageException;
import io.foregate.convert.Conversion;
import io.foregate.convert.ConvertListener;
import io.foregate.convert.ConvertOptions;
import io.foregate.convert.OutType;
import io.foregate.files.Target;
import io.foregate.inspect.ModelFile;
import io.foregate.report.Json;
import io.foregate.report.Sizes;
import io.foregate.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code convert}: a Hugging Face folder as a GGUF file. */
@Command(
    name = "convert",
    description = {
      "Convert a Hugging Face folder (config.json, safetensors, tokenizer) to a GGUF file.",
      "Stopped or killed, the same command goes on where it was."
    },
    mixinStandardHelpOptions = true)
final class ConvertCommand implements Callable<Integer> {
  private static final String AUTO = "auto";

  private final Shell shell;

  @Parameters(index = "0", paramLabel = "FOLDER", description = "The model's folder.")
  private Path folder;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "OUT",
      description = "The GGUF file to write. Default: FOLDER's name and the type, in this folder.")
  private Path out;

  @Option(
      names = "--outtype",
      paramLabel = "TYPE",
      description =
          "Type of matrices: f32, f16, bf16, q8_0, or auto, which keeps theirs. Default:"
              + " ${DEFAULT-VALUE}.")
  private String outType = AUTO;

  @Option(
      names = "--pre",
      paramLabel = "NAME",
      description = "Name of the pre-tokenizer (tokenizer.ggml.pre), where it is not found out.")
  private String pre;

  @Option(names = "--name", paramLabel = "NAME", description = "The model's name.")
  private String name;

  @Mixin private ShardFlags shards;

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** The schema of {@code --json}. */
  private record Result(
      String model,
      int shards,
      String architecture,
      String type,
      int tensors,
      long bytes,
      double seconds,
      List<String> notes) {}

  ConvertCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() throws IOException {
    long begin = System.nanoTime();
    try (Conversion conversion = Conversion.open(folder, options())) {
      Path target = out != null ? out : defaultTarget(conversion.type());
      List<Path> files = conversion.files(target);
      files.forEach(file -> Target.requireAbsent(file, force));
      Tokenizer.of(conversion.metadata()); // what cannot be opened is not worth writing
      conversion.notes().forEach(note -> shell.terminal().message("note: " + note + "."));
      try (var drawn = new Drawn()) {
        conversion.write(target, drawn, shell.cancellation()::requested);
      } catch (CancelledException e) {
        shell
            .terminal()
            .message(
                "%s.part%s and %s.resume keep what is done: the same command goes on."
                    .formatted(
                        files.getFirst(), files.size() > 1 ? " (and further shards)" : "", target));
        throw e;
      }
      report(conversion, files, (System.nanoTime() - begin) / 1e9);
    }
    return ExitCode.OK;
  }

  /** Opens what has been written as `run` would; what does not open never takes its name. */
  private static void requireOpens(Path part) {
    Optional<String> obstacle;
    try (ModelFile file = ModelFile.open(part)) {
      obstacle = file.obstacle();
    }
    if (obstacle.isPresent()) {
      throw new CommandException(
          "what the folder was converted to does not open, and has been deleted: " + obstacle.get(),
          "The folder's files contradict each other, or are of a variant that is not supported.",
          null);
    }
  }

  private void report(Conversion conversion, List<Path> files, double seconds) throws IOException {
    String target = files.getFirst().toString();
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    String type = conversion.type().name();
    String report =
        json
            ? Json.pretty(
                new Result(
                    target,
                    files.size(),
                    conversion.architecture(),
                    type,
                    conversion.tensorCount(),
                    bytes,
                    seconds,
                    conversion.notes()))
            : "%s: %s%s, %d tensors, matrices in %s, %s"
                .formatted(
                    target,
                    files.size() > 1 ? "the first of %d shards, ".formatted(files.size()) : "",
                    conversion.architecture(),
                    conversion.tensorCount(),
                    type,
                    Sizes.text(bytes));
    shell.terminal().println(report);
  }

  private ConvertOptions options() {
    ConvertOptions options = ConvertOptions.defaults().withShards(shards.limit());
    options = pre == null ? options : options.withPre(pre);
    options = name == null ? options : options.withName(name);
    return outType.equalsIgnoreCase(AUTO) ? options : options.withType(type());
  }

  private OutType type() {
    return Arrays.stream(OutType.values())
        .filter(type -> type.name().equalsIgnoreCase(outType))
        .findFirst()
        .orElseThrow(
            () -> new UsageException("'%s' is no type to convert to".formatted(outType), advice()));
  }

  private String advice() {
    String nearest = Habits.nearestType(outType);
    if (nearest != null) {
      return "Convert as it is, then: foregate quantize --experts %s IN OUT.".formatted(nearest);
    }
    String types =
        Arrays.stream(OutType.values())
            .map(type -> type.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", "));
    return "Types: %s, %s.".formatted(types, AUTO);
  }

  private Path defaultTarget(OutType type) {
    Path name = folder.toAbsolutePath().normalize().getFileName();
    return Path.of("%s-%s.gguf".formatted(name, type));
  }

  /** Draws progress, and stops when the user asks to. */
  private final class Drawn implements ConvertListener, AutoCloseable {
    private Progress progress;

    @Override
    public void begin(long total, long done) {
      progress = Progress.ofBytes(shell.terminal(), "converting", total);
      progress.step(done);
    }

    @Override
    public void advance(long bytes) {
      shell.cancellation().check();
      progress.step(bytes);
    }

    @Override
    public void complete(Path part) {
      requireOpens(part);
    }

    @Override
    public void close() {
      if (progress != null) {
        progress.close();
      }
    }
  }
}
