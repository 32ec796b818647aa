package io.foregate.cli;

import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.ShellListener;
import io.foregate.quantize.ShardMerge;
import io.foregate.report.Json;
import io.foregate.report.Sizes;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code merge}: the shards of a model as one file. */
@Command(
    name = "merge",
    description = {
      "Join the shards of a model (NAME-00001-of-00005.gguf) to one GGUF file.",
      "Commands take shards as they are; one file is easier to move."
    },
    mixinStandardHelpOptions = true)
final class MergeCommand implements Callable<Integer> {
  private final Shell shell;

  @Parameters(
      index = "0",
      paramLabel = "SHARD",
      description = "Any shard of the model; the others lie beside it.")
  private Path shard;

  @Parameters(index = "1", paramLabel = "OUT", description = "The GGUF file to write.")
  private Path out;

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  MergeCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    ShardMerge.Result result;
    try (var listener = new ShellListener(shell)) {
      result = ShardMerge.write(shard, out, force, listener);
    }
    shell.terminal().println(json ? Json.pretty(result) : text(result));
    return ExitCode.OK;
  }

  private static String text(ShardMerge.Result result) {
    return "%s: %d tensors of %d shards, %s"
        .formatted(result.model(), result.tensors(), result.shards(), Sizes.text(result.bytes()));
  }
}
