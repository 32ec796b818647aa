package io.foregate;

import io.foregate.engine.Sampler;
import io.foregate.engine.Session;
import io.foregate.engine.StopMatcher;
import io.foregate.error.ForegateException;
import io.foregate.tokenizer.StreamingDecoder;
import io.foregate.tokenizer.Tokenizer;
import java.util.Optional;

/**
 * One generation, token by token: feeds a prompt to a session, then picks and feeds tokens until
 * something ends the text. For one thread.
 */
final class TextGenerator {
  private final Session session;
  private final Tokenizer tokenizer;
  private final GenerateOptions options;
  private final int[] prompt;
  private final Sampler sampler;
  private final StreamingDecoder decoder;
  private final StopMatcher stops;
  private final StringBuilder text = new StringBuilder();
  private final int[] fed = new int[1];
  private final long begin = System.nanoTime();
  private long promptEnd;
  private int tokens;
  private boolean started;
  private FinishReason reason;
  private long end;

  /**
   * @param session where the prompt goes; may hold earlier text
   * @param prompt at least one token
   */
  TextGenerator(Session session, Tokenizer tokenizer, int[] prompt, GenerateOptions options) {
    this.session = session;
    this.tokenizer = tokenizer;
    this.options = options;
    this.prompt = prompt;
    this.sampler = new Sampler(options.sampling(), tokenizer.size());
    this.decoder = tokenizer.continuation(false);
    this.stops = new StopMatcher(options.stop());
    if (prompt.length == 0) {
      throw new ForegateException(
          "The prompt has no tokens, and the model has no token to begin a text with.",
          "Give it at least one character.");
    }
    if (session.position() + prompt.length > session.capacity()) {
      throw new ForegateException(
          "The prompt has %d tokens, which with %d already there do not fit the context of %d."
              .formatted(prompt.length, session.position(), session.capacity()),
          "Shorten it, or open the model with a larger context (--ctx).");
    }
  }

  /** The next piece of text, which may be empty; or nothing when the text has ended. */
  Optional<String> next() {
    if (reason != null) {
      return Optional.empty();
    }
    FinishReason before = cannotGoOn();
    if (before != null) {
      return finish(before);
    }
    int token = sampler.sample(logits());
    if (tokens == 0) {
      promptEnd = System.nanoTime();
    }
    if (tokenizer.isEndOfGeneration(token)) {
      return finish(FinishReason.STOP);
    }
    tokens++;
    sampler.accept(token);
    fed[0] = token;
    String piece = stops.accept(decoder.accept(token));
    if (stops.stopped()) {
      reason = FinishReason.STOP;
      end = System.nanoTime();
    }
    text.append(piece);
    return Optional.of(piece);
  }

  /** What happened; call it after {@link #next} has returned nothing. */
  Generation result() {
    long firstToken = promptEnd == 0 ? end : promptEnd;
    int decoded = Math.max(0, tokens - 1);
    var stats =
        new GenerationStats(
            prompt.length,
            (firstToken - begin) / 1e9,
            decoded,
            (end - firstToken) / 1e9,
            (firstToken - begin) / 1e9);
    return new Generation(text.toString(), prompt.length, tokens, reason, stats);
  }

  private FinishReason cannotGoOn() {
    if (Thread.interrupted()) {
      return FinishReason.CANCELLED;
    }
    if (options.maxTokens() >= 0 && tokens >= options.maxTokens()) {
      return FinishReason.LENGTH;
    }
    if (started && tokens > 0 && session.position() >= session.capacity()) {
      return FinishReason.CONTEXT;
    }
    return null;
  }

  /** Feeds what has not been fed, so that the logits speak of the next token. */
  private float[] logits() {
    if (!started) {
      started = true;
      session.feed(prompt, 0, prompt.length);
      for (int token : prompt) {
        sampler.accept(token);
      }
    } else {
      session.feed(fed, 0, 1);
    }
    return session.logits();
  }

  private Optional<String> finish(FinishReason why) {
    reason = why;
    end = System.nanoTime();
    String rest = stops.accept(decoder.flush()) + stops.flush();
    text.append(rest);
    return rest.isEmpty() ? Optional.empty() : Optional.of(rest);
  }
}
