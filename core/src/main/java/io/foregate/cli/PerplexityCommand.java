package io.foregate.cli;

import io.foregate.engine.Engine;
import io.foregate.engine.EngineOptions;
import io.foregate.engine.Session;
import io.foregate.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code perplexity}: how well the model predicts a text, by the conventions of llama.cpp's
 * llama-perplexity, so that the numbers can be compared: the text is tokenized once; it is cut into
 * chunks of the context's length, and the rest is left out; a chunk's first token is replaced by
 * BOS where the model has one; the first half of a chunk is context and is not scored.
 */
@Command(
    name = "perplexity",
    description = "Measure how well the model predicts a text (llama.cpp's conventions).",
    mixinStandardHelpOptions = true)
final class PerplexityCommand implements Callable<Integer> {
  private static final int DEFAULT_CONTEXT = 512;

  private final Shell shell;

  @Mixin private ModelFlags model;

  @Option(
      names = {"-f", "--file"},
      required = true,
      paramLabel = "FILE",
      description = "The text, UTF-8. --ctx is the chunks' length, by default 512.")
  private Path file;

  @Option(
      names = "--chunks",
      paramLabel = "N",
      description = "Score only that many chunks, -1 for all. Default: ${DEFAULT-VALUE}.")
  private int chunks = -1;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** The schema of {@code --json}. */
  private record Report(
      String model,
      String file,
      int context,
      int chunks,
      long scoredTokens,
      double perplexity,
      double error,
      double bitsPerToken) {}

  PerplexityCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    Flags.requireCountOrAll("--chunks", chunks, 1);
    EngineOptions options = model.options();
    int length = options.context() == 0 ? DEFAULT_CONTEXT : options.context();
    String text = TextFile.read(file);
    try (Engine engine = model.openEngine(shell.terminal(), options.withContext(length));
        Session session = engine.newSession()) {
      ModelFlags.tellLongContext(shell.terminal(), length, engine.config().contextLength());
      // llama.cpp drops one final line break of a file.
      String stripped = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
      int[] tokens = engine.tokenizer().encode(stripped, true, false);
      int available = countChunks(tokens.length, length);
      int count = chunks >= 0 ? Math.min(chunks, available) : available;
      Perplexity result = score(engine.tokenizer(), session, tokens, length, count);
      print(result, length, count);
    }
    return ExitCode.OK;
  }

  private int countChunks(int tokens, int length) {
    if (length < 4) {
      throw new UsageException(
          "--ctx is %d, and half of it would score nothing".formatted(length), "Try --ctx 512.");
    }
    if (tokens < 2 * length) {
      throw new CommandException(
          "%s has %d tokens, and a context of %d needs at least %d"
              .formatted(file, tokens, length, 2 * length),
          "Use a longer text or a smaller --ctx.");
    }
    return tokens / length;
  }

  private Perplexity score(
      Tokenizer tokenizer, Session session, int[] tokens, int length, int count) {
    OptionalInt bos = tokenizer.bos();
    boolean startsWithBos = bos.isPresent() && tokens[0] == bos.getAsInt();
    int vocabulary = tokenizer.size();
    var result = new Perplexity();
    var chunk = new int[length];
    try (Progress progress = Progress.of(shell.terminal(), "chunks", count)) {
      for (int i = 0; i < count; i++) {
        shell.cancellation().check();
        int start = i * length;
        System.arraycopy(tokens, start, chunk, 0, length);
        if (startsWithBos) {
          chunk[0] = bos.getAsInt();
        }
        session.truncate(0);
        session.feed(chunk, 0, length / 2);
        session.feedAll(
            chunk,
            length / 2,
            length - 1,
            (at, logits, offset) ->
                result.add(
                    Softmax.logSumExp(logits, offset, vocabulary)
                        - logits[offset + chunk[at + 1]]));
        progress.step(1);
        if (!json) {
          shell.terminal().print("[%d]%s,".formatted(i + 1, decimal(result.value(), 4)));
        }
      }
    }
    return result;
  }

  private void print(Perplexity result, int length, int count) {
    if (json) {
      shell
          .terminal()
          .println(
              Json.pretty(
                  new Report(
                      model.model.toString(),
                      file.toString(),
                      length,
                      count,
                      result.count(),
                      result.value(),
                      result.error(),
                      result.bits())));
      return;
    }
    shell.terminal().endLine();
    shell
        .terminal()
        .println(
            "Final estimate: PPL = %s +/- %s"
                .formatted(decimal(result.value(), 4), decimal(result.error(), 5)));
  }

  private static String decimal(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
