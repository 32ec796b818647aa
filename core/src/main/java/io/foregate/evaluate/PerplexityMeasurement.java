package io.foregate.evaluate;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.error.ForegateException;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * How well a model predicts a text, by the conventions of llama.cpp's llama-perplexity, so that the
 * numbers can be compared: the text is tokenized once; it is cut into chunks of the context's
 * length, and the rest is left out; a chunk's first token is replaced by BOS where the model has
 * one; the first half of a chunk is context and is not scored.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open(model, ModelOptions.defaults().withContext(PerplexityMeasurement.DEFAULT_CONTEXT))) {
 *   var text = new NamedText("novel.txt", Files.readString(Path.of("novel.txt")));
 *   var measurement = new PerplexityMeasurement(engine, text, PerplexityMeasurement.ALL_CHUNKS);
 *   System.out.println(measurement.run(PerplexityListener.NONE).perplexity());
 * }
 * }</pre>
 *
 * <p>Used once, by one thread.
 */
public final class PerplexityMeasurement {
  /** As many chunks as the text has. */
  public static final int ALL_CHUNKS = -1;

  /** Tokens of a chunk, unless told otherwise. */
  public static final int DEFAULT_CONTEXT = 512;

  private static final int MIN_CONTEXT = 4;

  /** Tokens that both models read in turns. */
  private static final int STRETCH = 32;

  private final Engine engine;
  private final NamedText text;
  private final Scores scores;

  /**
   * @param engine the model; its context is the chunks' length
   * @param chunks to read, at most, or {@link #ALL_CHUNKS}
   * @throws ForegateException if the context or the text is too short
   */
  public PerplexityMeasurement(Engine engine, NamedText text, int chunks) {
    this.engine = Objects.requireNonNull(engine, "engine");
    this.text = Objects.requireNonNull(text, "text");
    int length = engine.context();
    requireContext(length);
    int[] tokens = engine.tokenizer().encode(text.text(), true, false);
    if (tokens.length < 2 * length) {
      throw new ForegateException(
          "%s has %d tokens, and a context of %d needs at least %d"
              .formatted(text.name(), tokens.length, length, 2 * length),
          "Use a longer text or a smaller [[context]].");
    }
    int available = tokens.length / length;
    int count = chunks >= 0 ? Math.min(chunks, available) : available;
    this.scores = new Scores(engine.tokenizer(), tokens, length, count);
  }

  /**
   * Refuses a context of which half is nothing.
   *
   * @throws ForegateException if it is
   */
  public static void requireContext(int context) {
    if (context < MIN_CONTEXT) {
      throw new ForegateException(
          "The context is %d, and half of it would score nothing".formatted(context),
          "Take [[context=%d]].".formatted(DEFAULT_CONTEXT));
    }
  }

  /**
   * The options for a base model. It is never what is offloaded: it only says what would be right.
   *
   * @param options those of the model that is measured
   */
  public static ModelOptions baseOptions(ModelOptions options) {
    Objects.requireNonNull(options, "options");
    return options.withOffloading(Offloading.resident());
  }

  /** Reads the text. */
  public PerplexityResult run(PerplexityListener listener) {
    Objects.requireNonNull(listener, "listener");
    try (Session session = engine.newSession()) {
      score(listener, session);
    }
    return result(Optional.empty());
  }

  /**
   * Reads the text with another model too, and says how far the first one's probabilities are from
   * the other's.
   *
   * @param base a model with the same vocabulary, such as the one that the first was made from,
   *     opened with {@link #baseOptions}
   * @throws ForegateException if its vocabulary is another
   */
  public PerplexityResult against(Engine base, PerplexityListener listener) {
    Objects.requireNonNull(base, "base");
    Objects.requireNonNull(listener, "listener");
    Tokenizer tokenizer = base.tokenizer();
    if (tokenizer.size() != engine.tokenizer().size()
        || !Arrays.equals(tokenizer.encode(text.text(), true, false), scores.tokens)) {
      throw new ForegateException(
          "%s: has another vocabulary than %s".formatted(base.file().path(), engine.file().path()),
          "Compare with the model that it was made from.");
    }
    try (Session session = engine.newSession();
        Session baseSession = base.newSession()) {
      compare(listener, session, baseSession);
    }
    Divergence divergence = scores.divergence;
    return result(
        Optional.of(
            new PerplexityResult.Against(
                scores.basePerplexity.value(),
                scores.perplexity.value() / scores.basePerplexity.value(),
                divergence.mean(),
                divergence.error(),
                divergence.quantile(0.5),
                divergence.quantile(0.99),
                divergence.quantile(1),
                divergence.sameTop())));
  }

  private PerplexityResult result(Optional<PerplexityResult.Against> base) {
    Perplexity found = scores.perplexity;
    return new PerplexityResult(
        scores.length,
        scores.count,
        found.count(),
        found.value(),
        found.error(),
        found.bits(),
        base);
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

  private void score(PerplexityListener listener, Session session) {
    int length = scores.length;
    eachChunk(
        listener,
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
  private void compare(PerplexityListener listener, Session session, Session baseSession) {
    int length = scores.length;
    int vocabulary = scores.vocabulary;
    var expected = new float[STRETCH * vocabulary];
    eachChunk(
        listener,
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

  private void eachChunk(PerplexityListener listener, Consumer<int[]> reader) {
    listener.begin("chunks", scores.count, "chunks");
    for (int i = 0; i < scores.count; i++) {
      listener.check();
      reader.accept(scores.chunk(i));
      listener.advance(1);
      listener.scored(i + 1, scores.perplexity.value());
    }
  }
}
