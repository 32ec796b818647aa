package io.foregate.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.foregate.engine.Divergence;
import io.foregate.engine.Engine;
import io.foregate.engine.EngineOptions;
import io.foregate.engine.Session;
import io.foregate.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
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

  /** Tokens that both models read in turns. */
  private static final int STRETCH = 32;

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

  @Option(
      names = "--kl-divergence",
      paramLabel = "BASE",
      description =
          "Also say how far the model's probabilities are from those of another model with the same"
              + " vocabulary, such as the one that it was quantized from.")
  private Path base;

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
      double bitsPerToken,
      @JsonInclude(JsonInclude.Include.NON_NULL) Against base) {}

  /** What {@code --kl-divergence} adds; divergences in nats per token. */
  private record Against(
      String model,
      double perplexity,
      double perplexityRatio,
      double klDivergence,
      double klDivergenceError,
      double klDivergenceMedian,
      double klDivergenceP99,
      double klDivergenceGreatest,
      double sameTopToken) {}

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
      Scores scores = new Scores(engine.tokenizer(), tokens, length, count);
      if (base == null) {
        score(scores, session);
        print(scores, null);
      } else {
        compare(scores, session, engine, stripped, options);
      }
    }
    return ExitCode.OK;
  }

  private void compare(
      Scores scores, Session session, Engine engine, String text, EngineOptions options) {
    // The base is never what is offloaded: it only says what would be right.
    EngineOptions plain =
        options.withContext(scores.length).withExperts(EngineOptions.defaults().experts());
    try (Engine baseEngine = Engine.open(base, plain);
        Session baseSession = baseEngine.newSession()) {
      Tokenizer tokenizer = baseEngine.tokenizer();
      if (tokenizer.size() != engine.tokenizer().size()
          || !Arrays.equals(tokenizer.encode(text, true, false), scores.tokens)) {
        throw new CommandException(
            "%s: has another vocabulary than %s".formatted(base, model.model),
            "Compare with the model that it was made from.");
      }
      compare(scores, session, baseSession);
    }
    Divergence divergence = scores.divergence;
    print(
        scores,
        new Against(
            base.toString(),
            scores.basePerplexity.value(),
            scores.perplexity.value() / scores.basePerplexity.value(),
            divergence.mean(),
            divergence.error(),
            divergence.quantile(0.5),
            divergence.quantile(0.99),
            divergence.quantile(1),
            divergence.sameTop()));
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

  /** A text cut into chunks, and what has been learnt of it. */
  private static final class Scores {
    final int[] tokens;
    final int length;
    final int count;
    final int vocabulary;
    final OptionalInt firstToken;
    final Perplexity perplexity = new Perplexity();
    final Perplexity basePerplexity = new Perplexity();
    final Divergence divergence = new Divergence();

    Scores(Tokenizer tokenizer, int[] tokens, int length, int count) {
      this.tokens = tokens;
      this.length = length;
      this.count = count;
      this.vocabulary = tokenizer.size();
      OptionalInt bos = tokenizer.bos();
      boolean startsWithBos = bos.isPresent() && tokens[0] == bos.getAsInt();
      this.firstToken = startsWithBos ? bos : OptionalInt.empty();
    }

    /** Chunk {@code i}, its first token replaced by BOS where the model has one. */
    int[] chunk(int i) {
      int[] chunk = Arrays.copyOfRange(tokens, i * length, (i + 1) * length);
      firstToken.ifPresent(bos -> chunk[0] = bos);
      return chunk;
    }

    /** The negative log likelihood of a token. */
    double loss(float[] logits, int offset, int token) {
      return Divergence.logSumExp(logits, offset, vocabulary) - logits[offset + token];
    }
  }

  private void score(Scores scores, Session session) {
    int length = scores.length;
    eachChunk(
        scores,
        chunk -> {
          session.truncate(0);
          session.feed(chunk, 0, length / 2);
          session.feedAll(
              chunk,
              length / 2,
              length - 1,
              (at, logits, o) -> scores.perplexity.add(scores.loss(logits, o, chunk[at + 1])));
        });
  }

  /** Both models read a stretch in turns, so that few logits have to be kept. */
  private void compare(Scores scores, Session session, Session baseSession) {
    int length = scores.length;
    int vocabulary = scores.vocabulary;
    var expected = new float[STRETCH * vocabulary];
    eachChunk(
        scores,
        chunk -> {
          session.truncate(0);
          baseSession.truncate(0);
          session.feed(chunk, 0, length / 2);
          baseSession.feed(chunk, 0, length / 2);
          for (int from = length / 2; from < length - 1; from += STRETCH) {
            int begin = from;
            int to = Math.min(from + STRETCH, length - 1);
            baseSession.feedAll(
                chunk,
                from,
                to,
                (at, logits, o) -> {
                  System.arraycopy(logits, o, expected, (at - begin) * vocabulary, vocabulary);
                  scores.basePerplexity.add(scores.loss(logits, o, chunk[at + 1]));
                });
            session.feedAll(
                chunk,
                from,
                to,
                (at, logits, o) -> {
                  scores.divergence.add(expected, (at - begin) * vocabulary, logits, o, vocabulary);
                  scores.perplexity.add(scores.loss(logits, o, chunk[at + 1]));
                });
          }
        });
  }

  private void eachChunk(Scores scores, Consumer<int[]> reader) {
    try (Progress progress = Progress.of(shell.terminal(), "chunks", scores.count)) {
      for (int i = 0; i < scores.count; i++) {
        shell.cancellation().check();
        reader.accept(scores.chunk(i));
        progress.step(1);
        if (!json) {
          shell.terminal().print("[%d]%s,".formatted(i + 1, decimal(scores.perplexity.value(), 4)));
        }
      }
    }
  }

  private void print(Scores scores, Against against) {
    Perplexity result = scores.perplexity;
    if (json) {
      var report =
          new Report(
              model.model.toString(),
              file.toString(),
              scores.length,
              scores.count,
              result.count(),
              result.value(),
              result.error(),
              result.bits(),
              against);
      shell.terminal().println(Json.pretty(report));
      return;
    }
    shell.terminal().endLine();
    shell
        .terminal()
        .println(
            "Final estimate: PPL = %s +/- %s"
                .formatted(decimal(result.value(), 4), decimal(result.error(), 5)));
    if (against != null) {
      shell.terminal().println(text(against));
    }
  }

  private static String text(Against against) {
    String base =
        "Base: PPL = %s, ratio %s"
            .formatted(decimal(against.perplexity(), 4), decimal(against.perplexityRatio(), 5));
    String divergence =
        "KL divergence: mean %s +/- %s, median %s, 99%% %s, greatest %s nats"
            .formatted(
                decimal(against.klDivergence(), 6),
                decimal(against.klDivergenceError(), 6),
                decimal(against.klDivergenceMedian(), 6),
                decimal(against.klDivergenceP99(), 6),
                decimal(against.klDivergenceGreatest(), 6));
    String top = "Same top token: %s%%".formatted(decimal(100 * against.sameTopToken(), 2));
    return String.join("\n", base, divergence, top);
  }

  private static String decimal(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
