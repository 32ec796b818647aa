package io.foregate;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.tokenizer.ChatMessage;
import io.foregate.tokenizer.ChatTemplate;
import io.foregate.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

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
  private final GenerateOptions options;
  private final List<ChatMessage> messages = new ArrayList<>();
  private int turns;

  Chat(Model model, Engine engine, GenerateOptions options) {
    this.model = model;
    this.engine = engine;
    this.tokenizer = engine.tokenizer();
    Optional<ChatTemplate> own = ChatTemplate.of(engine.file().metadata(), tokenizer);
    this.ownTemplate = own.isPresent();
    this.template = own.orElseGet(() -> ChatTemplate.parse(PLAIN, "", ""));
    this.options = ownTemplate ? options : options.andStop(PLAIN_STOP);
    this.session = model.newSession();
  }

  /** Tells the model how to behave. Say it before the first message. */
  public void system(String text) {
    messages.add(ChatMessage.system(text));
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
    session.save(file, engine.modelHash(), ChatNote.of(messages));
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
    messages.removeIf(message -> message.role() != ChatMessage.Role.SYSTEM);
  }

  /**
   * Says something and gets the answer. Its prompt tokens are those that had to be fed: most of
   * what was said before is still there. An answer that is cancelled counts as far as it went;
   * cancelled before it began, the message is forgotten.
   *
   * @param onText gets the answer piece by piece, as it is made, on this thread
   * @throws io.foregate.error.ForegateException when the conversation does not fit the context, or
   *     the template refuses it; the message then is not part of it
   * @throws IllegalStateException when the conversation or its model has been closed
   */
  public Generation send(String message, Consumer<String> onText) {
    long called = System.nanoTime();
    session.requireOpen();
    int before = messages.size();
    messages.add(ChatMessage.user(message));
    boolean answered = false;
    try {
      Generation answer = Model.run(answer(called), onText);
      answered = answer.finishReason() != FinishReason.CANCELLED || !answer.text().isEmpty();
      messages.add(ChatMessage.assistant(answer.text()));
      return answer;
    } finally {
      if (!answered) {
        messages.subList(before, messages.size()).clear();
      }
    }
  }

  private TextGenerator answer(long called) {
    String conversation = template.render(messages, true);
    int[] tokens = tokenizer.encode(conversation, !beginsText(conversation), ownTemplate);
    int[] fresh = Model.keepPrefix(session, tokens);
    // Another seed for each turn: the same random numbers again would favour the same words.
    GenerateOptions turn = options.withSeed(options.seed() + turns++);
    return new TextGenerator(called, session, tokenizer, fresh, turn);
  }

  /** Whether the template has already written the token that begins a text. */
  private boolean beginsText(String conversation) {
    OptionalInt bos = tokenizer.bos();
    return bos.isPresent() && conversation.startsWith(tokenizer.piece(bos.getAsInt()));
  }

  /** Gives its memory back. Closing twice does nothing. */
  @Override
  public void close() {
    model.close(session);
  }
}
