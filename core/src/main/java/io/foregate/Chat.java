package io.foregate;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.options.GenerateOptions;
import io.foregate.tokenizer.AnswerParts;
import io.foregate.tokenizer.ChatMessage;
import io.foregate.tokenizer.ChatTemplate;
import io.foregate.tokenizer.ChatTemplateSet;
import io.foregate.tokenizer.ReasoningMarks;
import io.foregate.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A conversation, in the format of the model's own chat template, or as plain lines ({@code User:},
 * {@code Assistant:}) for a model that has none. What both sides have said stays in the KV cache,
 * so each turn feeds only what is new. For one thread.
 */
public final class Chat implements AutoCloseable {
  /** For models without a template of their own: lines that a base model can continue. */
  private static final String PLAIN =
      "{% for m in messages %}{{ m['role'] | capitalize }}: {{ m['content'] | trim }}\n{% endfor %}"
          + "{% if add_generation_prompt %}Assistant:{% endif %}";

  private static final String PLAIN_STOP = "\nUser:";

  private final Model model;
  private final Engine engine;
  private final Tokenizer tokenizer;
  private final Session session;
  private final ChatTemplate template;
  private final boolean ownTemplate;
  private final Optional<ReasoningMarks> marks;
  private GenerateOptions options;
  private final List<ChatMessage> messages = new ArrayList<>();
  private int turns;

  Chat(Model model, Engine engine, GenerateOptions options) {
    this.model = model;
    this.engine = engine;
    this.tokenizer = engine.tokenizer();
    Optional<ChatTemplateSet> own = ChatTemplateSet.of(engine.file().metadata(), tokenizer);
    this.ownTemplate = own.isPresent();
    this.template =
        own.map(templates -> templates.pick(false))
            .orElseGet(() -> ChatTemplate.parse("the plain template", PLAIN, Map.of()));
    this.marks = ReasoningMarks.of(template.jinja());
    this.options = options;
    this.session = model.newSession();
  }

  /**
   * Tells the model how to behave, in place of what it was told before. An empty text tells it
   * nothing. In the midst of a conversation, the next message feeds all of it anew.
   */
  public void system(String text) {
    Objects.requireNonNull(text, "text");
    messages.removeIf(ChatMessage::isInstruction);
    if (!text.isEmpty()) {
      messages.addFirst(ChatMessage.system(text));
    }
  }

  /** How the model was told to behave; empty where it was told nothing. */
  public String system() {
    return messages.stream()
        .filter(ChatMessage::isInstruction)
        .map(message -> String.valueOf(message.fields().get(ChatMessage.CONTENT)))
        .collect(Collectors.joining("\n"));
  }

  /** How answers are generated, as it was given; what it leaves open is the model's. */
  public GenerateOptions options() {
    return options;
  }

  /** Generates the answers from now on with other options. */
  public void options(GenerateOptions value) {
    options = Objects.requireNonNull(value, "value");
  }

  /** Tokens of the context, {@link Model#context}, that the conversation has taken so far. */
  public int contextUsed() {
    return session.position();
  }

  /**
   * Writes the conversation to a file, with the KV cache, so that {@link
   * Model#chat(GenerateOptions, Path)} goes on without feeding it again. Replaces a file of that
   * name.
   *
   * @throws io.foregate.error.ForegateException when it cannot be written
   * @throws IllegalStateException when the conversation or its model has been closed
   */
  public void save(Path file) {
    Objects.requireNonNull(file, "file");
    session.save(file, engine.modelHash(), ChatNote.of(messages));
  }

  /**
   * Fails early if {@link #save} could not write the conversation with one more message and its
   * answer.
   *
   * @throws io.foregate.error.ForegateException if it could not
   * @throws IllegalStateException when the conversation or its model has been closed
   */
  public void requireRoom(Path file, String message) {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(message, "message");
    session.requireOpen();
    long told = tokenizer.encode(message, false, false).length;
    long made = options.maxTokens() < 0 ? session.capacity() : options.maxTokens();
    session.requireRoom(file, (int) Math.min(session.capacity(), session.position() + told + made));
  }

  void load(Path file) {
    messages.clear();
    messages.addAll(ChatNote.read(session.load(file, engine.modelHash()), file));
  }

  /** How often either side has spoken, {@link #system} included. */
  public int length() {
    return messages.size();
  }

  /** Forgets what both sides have said, but not what {@link #system} told. */
  public void clear() {
    messages.removeIf(message -> !message.isInstruction());
  }

  /** As {@link #send(String, Consumer, Consumer)}, without looking at what the model thinks. */
  public Generation send(String message, Consumer<String> onText) {
    return send(message, onText, reasoning -> {});
  }

  /**
   * Says something and gets the answer. Its prompt tokens are those that had to be fed: most of
   * what was said before is still there. An answer that is cancelled counts as far as it went;
   * cancelled before it began, the message is forgotten.
   *
   * <p>A model that thinks before it answers marks what it thinks, in a way that its template
   * knows. That is not part of the answer's text, and goes back to the template in a field of its
   * own, from which most templates leave it out of later turns.
   *
   * @param onText gets the answer piece by piece, as it is made, on this thread
   * @param onReasoning gets what the model thinks before, likewise
   * @throws io.foregate.error.ForegateException when the conversation does not fit the context, or
   *     the template refuses it; the message then is not part of it
   * @throws IllegalStateException when the conversation or its model has been closed
   */
  public Generation send(String message, Consumer<String> onText, Consumer<String> onReasoning) {
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(onText, "onText");
    Objects.requireNonNull(onReasoning, "onReasoning");
    long called = System.nanoTime();
    session.requireOpen();
    int before = messages.size();
    messages.add(ChatMessage.user(message));
    boolean answered = false;
    try {
      String prompt = template.render(messages, true);
      AnswerParts parts = marks.map(m -> m.parts(prompt)).orElseGet(AnswerParts::unmarked);
      Generation raw =
          Model.run(generator(called, prompt), piece -> parts.accept(piece, onText, onReasoning));
      answered = raw.finishReason() != FinishReason.CANCELLED || !raw.text().isEmpty();
      parts.end(onText, onReasoning);
      messages.add(goesBack(raw.text(), parts));
      return raw.withParts(parts.answer(), parts.reasoning());
    } finally {
      if (!answered) {
        messages.subList(before, messages.size()).clear();
      }
    }
  }

  private ChatMessage goesBack(String raw, AnswerParts parts) {
    boolean apart = marks.isPresent() && marks.get().goesBackApart(template.jinja());
    return apart
        ? ChatMessage.assistant(parts.answer(), parts.reasoning())
        : ChatMessage.assistant(raw);
  }

  private TextGenerator generator(long called, String conversation) {
    int[] tokens =
        ownTemplate
            ? tokenizer.encodeChat(conversation)
            : tokenizer.encode(conversation, true, false);
    int[] fresh = Model.keepPrefix(session, tokens);
    // Another seed for each turn: the same random numbers again would favour the same words.
    GenerateOptions turn = model.fill(options).withSeed(options.seed() + turns++);
    if (!ownTemplate) {
      turn = turn.andStop(PLAIN_STOP);
    }
    Set<String> shown = marks.map(ReasoningMarks::texts).orElseGet(Set::of);
    return new TextGenerator(
        called, session, tokenizer, tokenizer.continuation(shown), fresh, turn);
  }

  /** Gives its memory back. Closing twice does nothing. */
  @Override
  public void close() {
    model.close(session);
  }
}
