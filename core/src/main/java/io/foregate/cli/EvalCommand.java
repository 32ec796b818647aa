package io.foregate.cli;

import io.foregate.engine.Divergence;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import java.util.ArrayList;
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
  private record Report(String model, List<Position> positions) {}

  private record Position(int token, List<Candidate> next) {}

  private record Candidate(int id, double p) {}

  EvalCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    if (top < 1) {
      throw new UsageException("--top is " + top + ", expected 1 or more", "Try --top 16.");
    }
    List<Position> positions = new ArrayList<>();
    try (Engine engine = model.openEngine(shell.terminal(), model.options());
        Session session = engine.newSession()) {
      int trained = engine.config().contextLength();
      ModelFlags.tellLongContext(shell.terminal(), engine.context(), trained);
      if (oneByOne) {
        for (int i = 0; i < tokens.length; i++) {
          shell.cancellation().check();
          session.feed(tokens, i, i + 1);
          positions.add(position(tokens[i], session.logits(), 0, session.logits().length));
        }
      } else {
        int vocabulary = engine.config().vocabulary();
        session.feedAll(
            tokens,
            0,
            tokens.length,
            (i, logits, offset) -> positions.add(position(tokens[i], logits, offset, vocabulary)));
      }
      print(new Report(model.model.getFileName().toString(), positions), engine);
    }
    return ExitCode.OK;
  }

  private Position position(int token, float[] logits, int offset, int vocabulary) {
    double logSum = Divergence.logSumExp(logits, offset, vocabulary);
    List<Candidate> next = new ArrayList<>();
    for (int id : Softmax.largest(logits, offset, vocabulary, top)) {
      next.add(new Candidate(id, Math.exp(logits[offset + id] - logSum)));
    }
    return new Position(token, next);
  }

  private void print(Report report, Engine engine) {
    if (json) {
      shell.terminal().println(Json.line(report));
      return;
    }
    var table = new Table("", "rrl");
    for (Position position : report.positions()) {
      table.row(position.token(), "", quoted(engine, position.token()));
      for (Candidate next : position.next()) {
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
