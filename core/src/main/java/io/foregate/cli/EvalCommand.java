package io.foregate.cli;

import io.foregate.cli.flag.ModelFlags;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.LongWork;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.ShellListener;
import io.foregate.engine.Engine;
import io.foregate.evaluate.NextTokens;
import io.foregate.report.Json;
import io.foregate.report.Table;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code eval}: next-token probabilities after each given token, for comparing engines. Tokens are
 * taken as they are: no BOS is added.
 */
@Command(
    name = "eval",
    description = "Print the most probable next tokens after each of the given tokens.",
    mixinStandardHelpOptions = true)
final class EvalCommand implements Callable<Integer> {
  private final Shell shell;

  @Mixin private ModelFlags model;

  @Option(
      names = "--tokens",
      required = true,
      split = ",",
      paramLabel = "ID,...",
      description = "Token ids, fed as they are: no BOS is added.")
  private int[] tokens;

  @Option(
      names = "--top",
      paramLabel = "N",
      description = "Probabilities to print per position. Default: ${DEFAULT-VALUE}.")
  private int top = 16;

  @Option(
      names = "--one-by-one",
      description = "Feed one token at a time (decode) instead of all at once (prefill).")
  private boolean oneByOne;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** The schema of {@code --json}. */
  private record Report(String model, List<NextTokens.Position> positions) {}

  EvalCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    try (Engine engine = model.openEngine(shell.terminal(), model.options());
        var listener = new ShellListener(shell);
        LongWork work = LongWork.of(shell.terminal(), "computing")) {
      int trained = engine.config().contextLength();
      ModelFlags.tellLongContext(shell.terminal(), engine.context(), trained);
      List<NextTokens.Position> positions =
          oneByOne
              ? NextTokens.afterEach(engine, tokens, top, listener)
              : NextTokens.afterBatch(engine, tokens, top);
      work.end();
      print(new Report(model.model.getFileName().toString(), positions), engine);
    }
    return ExitCode.OK;
  }

  private void print(Report report, Engine engine) {
    if (json) {
      shell.terminal().println(Json.line(report));
      return;
    }
    var table = new Table("", "rrl");
    for (NextTokens.Position position : report.positions()) {
      table.row(position.token(), "", quoted(engine, position.token()));
      for (NextTokens.Candidate next : position.next()) {
        String p = String.format(Locale.ROOT, "%.4f", next.p());
        table.row(next.id(), p, quoted(engine, next.id()));
      }
    }
    shell.terminal().print(table.toString());
  }

  private static String quoted(Engine engine, int token) {
    return "'" + engine.tokenizer().piece(token).replace("\n", "\\n") + "'";
  }
}
