package io.foregate;

import io.foregate.engine.Machine;
import io.foregate.engine.Sampler;
import io.foregate.engine.Session;
import io.foregate.engine.StopMatcher;
import io.foregate.error.ForegateException;
import io.foregate.files.MappedFault;
import io.foregate.options.GenerateOptions;
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
  private final long called;
  private long promptBegin;
  private boolean picked;
  private long firstToken;
  private long faultsBefore;
  private int promptFed;
  private int tokens;
  private FinishReason reason;
  private long end;
  private long faults;

  /**
   * @param called when the user called, in {@link System#nanoTime}
   * @param session where the prompt goes; may hold earlier text
   * @param prompt at least one token
   * @param options how, with what the model's file recommends
   */
  TextGenerator(
      long called, Session session, Tokenizer tokenizer, int[] prompt, GenerateOptions options) {
    this(called, session, tokenizer, tokenizer.continuation(false), prompt, options);
  }

  /**
   * As the other, with a decoder of its own.
   *
   * @param decoder makes text of the tokens that are made
   */
  TextGenerator(
      long called,
      Session session,
      Tokenizer tokenizer,
      StreamingDecoder decoder,
      int[] prompt,
      GenerateOptions options) {
    this.called = called;
    this.session = session;
    this.tokenizer = tokenizer;
    this.options = options;
    this.prompt = prompt;
    this.sampler =
        new Sampler(options.sampling(), options.seed(), session.capacity(), tokenizer.size());
    this.decoder = decoder;
    this.stops = new StopMatcher(options.stop());
    if (prompt.length == 0) {
      throw new ForegateException(
          "The prompt has no tokens, and the model has no token to begin a text with.",
          "Give it at least one character.");
    }
    if (session.position() + prompt.length > session.capacity()) {
      throw new ForegateException(
          "The prompt has %d tokens, which%s do not fit the context of %d."
              .formatted(
                  prompt.length,
                  session.position() == 0
                      ? ""
                      : " with %d already there".formatted(session.position()),
                  session.capacity()),
          "Shorten it, or open the model with a larger [[context]].");
    }
    for (int token : session.lastTokens(sampler.window())) {
      sampler.accept(token);
    }
  }

  /**
   * The next piece of text, which may be empty; or nothing when the text has ended.
   *
   * @throws ForegateException also when the model's file was cut meanwhile
   */
  Optional<String> next() {
    try {
      return step();
    } catch (InternalError e) { // may come later than the read that failed
      throw MappedFault.rethrow(e, "the model");
    }
  }

  private Optional<String> step() {
    if (reason != null) {
      return Optional.empty();
    }
    FinishReason before = cannotGoOn();
    if (before != null) {
      return finish(before);
    }
    if (!feed()) {
      return finish(FinishReason.CANCELLED);
    }
    int token = sampler.sample(session.logits());
    if (!picked) {
      picked = true;
      faultsBefore = Machine.majorFaults();
      firstToken = System.nanoTime();
    }
    if (tokenizer.isEndOfGeneration(token)) {
      return finish(FinishReason.STOP);
    }
    tokens++;
    sampler.accept(token);
    fed[0] = token;
    String piece = stops.accept(decoder.accept(token));
    if (stops.stopped()) {
      ended(FinishReason.STOP);
    }
    text.append(piece);
    return Optional.of(piece);
  }

  /** Tokens that the session holds at the end, at most. */
  int mostTokens() {
    long made = options.maxTokens() < 0 ? session.capacity() : options.maxTokens();
    return (int) Math.min(session.capacity(), session.position() + prompt.length + made);
  }

  /** What happened; call it after {@link #next} has returned nothing. */
  Generation result() {
    long promptEnd = picked ? firstToken : end;
    var stats =
        new GenerationStats(
            promptFed,
            promptFed == 0 ? 0 : (promptEnd - promptBegin) / 1e9,
            Math.max(0, tokens - 1),
            picked ? (end - firstToken) / 1e9 : 0,
            picked ? (firstToken - called) / 1e9 : 0,
            faults);
    return new Generation(text.toString(), "", prompt.length, tokens, reason, stats);
  }

  private FinishReason cannotGoOn() {
    if (Thread.interrupted()) {
      return FinishReason.CANCELLED;
    }
    if (options.maxTokens() >= 0 && tokens >= options.maxTokens()) {
      return FinishReason.LENGTH;
    }
    if (tokens > 0 && session.position() >= session.capacity()) {
      return FinishReason.CONTEXT;
    }
    return null;
  }

  /**
   * Feeds what has not been fed, so that the logits speak of the next token. Returns false when the
   * thread was interrupted before the whole prompt was fed.
   */
  private boolean feed() {
    if (tokens > 0) {
      session.feed(fed, 0, 1);
      return true;
    }
    int before = session.position();
    promptBegin = System.nanoTime();
    boolean all = session.feed(prompt, 0, prompt.length, Thread::interrupted);
    promptFed = session.position() - before;
    for (int token : prompt) {
      sampler.accept(token);
    }
    return all;
  }

  private void ended(FinishReason why) {
    reason = why;
    end = System.nanoTime();
    long now = picked ? Machine.majorFaults() : 0;
    faults = now < 0 ? now : now - faultsBefore;
  }

  private Optional<String> finish(FinishReason why) {
    ended(why);
    String rest = stops.accept(decoder.flush()) + stops.flush();
    text.append(rest);
    return rest.isEmpty() ? Optional.empty() : Optional.of(rest);
  }
}
