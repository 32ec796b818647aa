package io.foregate;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.error.ForegateException;
import io.foregate.files.Claim;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.options.GenerateOptions;
import io.foregate.options.ModelOptions;
import io.foregate.options.Sampling;
import io.foregate.store.BuildListener;
import io.foregate.tokenizer.ChatTemplateSet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A language model that is open.
 *
 * <pre>{@code
 * try (Model model = Model.open(Path.of("model.gguf"))) {
 *   model.generate("Once upon a time", GenerateOptions.defaults(), System.out::print);
 * }
 * }</pre>
 *
 * <p>Methods may be called from several threads: generations then take turns, token by token. Close
 * streams and chats before the model; what is asked of a closed model throws {@link
 * IllegalStateException}. A generation ends early, with {@link FinishReason#CANCELLED}, when its
 * thread is interrupted; a long prompt between steps of some hundred tokens.
 */
public final class Model implements AutoCloseable {
  private final Engine engine;
  private final Sampling sampling;
  private final AtomicLong kvBytes = new AtomicLong();

  private Model(Engine engine) {
    this.engine = engine;
    this.sampling = SamplingDefaults.of(engine.file().metadata());
  }

  /** Opens a GGUF file with {@link ModelOptions#defaults()}. */
  public static Model open(Path file) {
    return open(file, ModelOptions.defaults());
  }

  /**
   * Opens a GGUF file.
   *
   * @throws io.foregate.error.ForegateException when it cannot be read, is damaged, or holds a
   *     model that is not supported
   */
  public static Model open(Path file, ModelOptions options) {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(options, "options");
    return new Model(Engine.open(file, options));
  }

  /** As {@link #open(Path, ModelOptions)}, telling {@code listener} of work that takes long. */
  public static Model open(Path file, ModelOptions options, LoadListener listener) {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(listener, "listener");
    return new Model(Engine.open(file, options, building(listener)));
  }

  private static BuildListener building(LoadListener listener) {
    return new BuildListener() {
      @Override
      public void begin(String task, long bytes) {
        listener.begin(task, bytes);
      }

      @Override
      public void advance(long bytes) {
        listener.advance(bytes);
      }
    };
  }

  /** The model's name, from its file. */
  public String name() {
    return engine.config().name();
  }

  /**
   * How the file's makers would have the model sampled ({@code general.sampling.*}), open where
   * they do not say. Generations take it for what their options leave open.
   */
  public Sampling sampling() {
    return sampling;
  }

  /** The options of a generation, what they leave open filled in. */
  GenerateOptions fill(GenerateOptions options) {
    return options.withSampling(options.sampling().or(sampling));
  }

  /** The most tokens of prompt and answer together. */
  public int context() {
    return engine.context();
  }

  /** The context that the model was trained for; beyond it, text gets worse. */
  public int trainedContext() {
    return engine.config().contextLength();
  }

  /** The backend that computes, and its threads: "cpu, 8 threads". */
  public String backend() {
    int threads = engine.threads();
    return "%s, %d %s".formatted(engine.backend(), threads, threads == 1 ? "thread" : "threads");
  }

  /** What the backend computes on, in one line. */
  public String device() {
    return engine.device();
  }

  /** How experts came to the device since the model was opened; empty where they all are there. */
  public Optional<ExpertStats> expertStats() {
    return engine.scheduleStatistics().map(ExpertStats::of);
  }

  /** Memory in use now. */
  public MemoryUse memory() {
    Runtime runtime = Runtime.getRuntime();
    long heap = runtime.totalMemory() - runtime.freeMemory();
    return new MemoryUse(engine.file().fileSize(), kvBytes.get(), heap);
  }

  /**
   * Continues a prompt.
   *
   * @param onText gets the text piece by piece, as it is made, on this thread
   * @throws IllegalStateException when the model has been closed
   */
  public Generation generate(String prompt, GenerateOptions options, Consumer<String> onText) {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(onText, "onText");
    long called = System.nanoTime();
    Session session = newSession();
    try {
      return run(generator(called, session, prompt, options), onText);
    } finally {
      close(session);
    }
  }

  /**
   * As {@link #generate(String, GenerateOptions, Consumer)}, keeping what was fed in a file: a
   * prompt that begins as what the file holds feeds only the rest. When the text has ended, the
   * file holds the prompt and the text.
   *
   * @param session the file; none need be there yet
   * @throws io.foregate.error.ForegateException also when the file is damaged, holds a
   *     conversation, was made with another model or another type of KV cache, or is being used by
   *     another run; it is left as it is
   * @throws SessionNotSavedException when the text was generated, and the file could not be written
   */
  public Generation generate(
      String prompt, GenerateOptions options, Path session, Consumer<String> onText) {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(onText, "onText");
    long called = System.nanoTime();
    Target.requireOwn(session, FileKind.SESSION);
    Session tokens = newSession();
    try (Claim _ = Claim.take(session)) {
      if (Files.exists(session)) {
        requireText(session, tokens.load(session, engine.modelHash()));
      }
      TextGenerator generator = generator(called, tokens, prompt, options);
      tokens.requireRoom(session, generator.mostTokens());
      Generation result = run(generator, onText);
      try {
        tokens.save(session, engine.modelHash(), "");
      } catch (ForegateException e) {
        throw new SessionNotSavedException(e, result);
      }
      return result;
    } finally {
      close(tokens);
    }
  }

  /** A conversation would be lost, with all that was said in it. */
  private static void requireText(Path session, String note) {
    if (!note.isEmpty()) {
      throw new ForegateException(
          session + " holds a conversation, which a text would take the place of",
          "Go on with [[Model.chat]], or choose another file.");
    }
  }

  /** As {@link #generate(String, GenerateOptions, Consumer)}, all at once. */
  public Generation generate(String prompt, GenerateOptions options) {
    return generate(prompt, options, text -> {});
  }

  /**
   * Continues a prompt, making text as the stream is read. Close the stream if it is not drained:
   * its KV cache is given back when the text ends, when making it fails, or when it is closed.
   */
  public Stream<String> stream(String prompt, GenerateOptions options) {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(options, "options");
    long called = System.nanoTime();
    Session session = newSession();
    try {
      TextGenerator generator = generator(called, session, prompt, options);
      var pieces = new Pieces(generator, () -> close(session));
      int traits = Spliterator.ORDERED | Spliterator.NONNULL;
      return StreamSupport.stream(Spliterators.spliteratorUnknownSize(pieces, traits), false)
          .onClose(() -> close(session));
    } catch (RuntimeException e) {
      close(session);
      throw e;
    }
  }

  /** Whether the file brings a chat template of its own. */
  public boolean hasChatTemplate() {
    return ChatTemplateSet.of(engine.file().metadata(), engine.tokenizer()).isPresent();
  }

  /** A conversation in the format of the model's own chat template. */
  public Chat chat(GenerateOptions options) {
    Objects.requireNonNull(options, "options");
    engine.requireOpen();
    return new Chat(this, engine, options);
  }

  /**
   * A conversation that goes on where {@link Chat#save} left it, or a new one if there is no such
   * file yet. Several may go on from one file; what each of them becomes is saved by its owner.
   *
   * @throws io.foregate.error.ForegateException when the file is damaged, holds a text and no
   *     conversation, was made with another model or another type of KV cache, does not fit the
   *     context, or could not be written at the end
   */
  public Chat chat(GenerateOptions options, Path session) {
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(session, "session");
    Target.requireOwn(session, FileKind.SESSION);
    Chat chat = chat(options);
    try {
      if (Files.exists(session)) {
        chat.load(session);
      }
      return chat;
    } catch (RuntimeException | Error e) {
      chat.close();
      throw e;
    }
  }

  /** Waits for the step that is being computed, if any. Closing twice does nothing. */
  @Override
  public void close() {
    engine.close();
  }

  Session newSession() {
    Session session = engine.newSession();
    kvBytes.addAndGet(session.kvBytes());
    return session;
  }

  /** Closing a session twice does nothing. */
  void close(Session session) {
    if (session.isOpen()) {
      session.close();
      kvBytes.addAndGet(-session.kvBytes());
    }
  }

  /** Runs a generator to its end. */
  static Generation run(TextGenerator generator, Consumer<String> onText) {
    for (Optional<String> text = generator.next(); text.isPresent(); text = generator.next()) {
      if (!text.get().isEmpty()) {
        onText.accept(text.get());
      }
    }
    return generator.result();
  }

  private TextGenerator generator(
      long called, Session session, String prompt, GenerateOptions options) {
    int[] tokens = engine.tokenizer().encode(prompt, true, options.specialTokens());
    return new TextGenerator(
        called, session, engine.tokenizer(), keepPrefix(session, tokens), fill(options));
  }

  /**
   * Cuts a session to what a text begins with, at most all but the last token, and returns the
   * rest, which is to be fed.
   */
  static int[] keepPrefix(Session session, int[] tokens) {
    session.truncate(Math.max(0, Math.min(session.commonPrefix(tokens), tokens.length - 1)));
    return Arrays.copyOfRange(tokens, session.position(), tokens.length);
  }

  /** Pieces of text as an iterator, empty ones left out, that gives back what they needed. */
  private static final class Pieces implements Iterator<String> {
    private final TextGenerator generator;
    private final Runnable atEnd;
    private Optional<String> ahead = Optional.empty();
    private boolean ended;

    Pieces(TextGenerator generator, Runnable atEnd) {
      this.generator = generator;
      this.atEnd = atEnd;
    }

    @Override
    public boolean hasNext() {
      while (!ended && ahead.isEmpty()) {
        Optional<String> text = generate();
        ended = text.isEmpty();
        ahead = text.filter(t -> !t.isEmpty());
        if (ended) {
          atEnd.run();
        }
      }
      return ahead.isPresent();
    }

    private Optional<String> generate() {
      try {
        return generator.next();
      } catch (RuntimeException | Error e) {
        ended = true;
        atEnd.run();
        throw e;
      }
    }

    @Override
    public String next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the text has ended");
      }
      String text = ahead.orElseThrow();
      ahead = Optional.empty();
      return text;
    }
  }
}
