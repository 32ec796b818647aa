package io.foregate.tokenizer;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufMetadata;
import java.time.Clock;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How a model wants a conversation written: the file's own Jinja template ({@code
 * tokenizer.chat_template}), rendered as Hugging Face's transformers renders it.
 *
 * <p>A template is data of unknown origin. It sees the messages, the names of the beginning and end
 * tokens and a few functions; it reaches no Java object, no file and no other template, and its
 * output, its recursion, its steps and its time are bounded. Immutable, thread-safe.
 */
public final class ChatTemplate {
  private static final String KEY = "tokenizer.chat_template";
  private static final Pattern FILTER = Pattern.compile("\\|\\s*(\\w+)");
  private static final Pattern MAPPED = Pattern.compile("\\bmap\\s*\\(\\s*['\"](\\w+)['\"]");
  private static final Pattern TEST = Pattern.compile("\\bis\\s+(?:not\\s+)?(\\w+)");

  private final JinjaSandbox sandbox;
  private final String source;
  private final String bos;
  private final String eos;

  private ChatTemplate(String jinja, String bos, String eos, Clock clock) {
    this.bos = bos;
    this.eos = eos;
    this.sandbox = new JinjaSandbox(clock);
    try {
      this.source = JinjaSource.adapt(jinja);
    } catch (TemplateFault e) {
      throw failure(e.getMessage(), e);
    } catch (StackOverflowError e) {
      throw failure("its expressions are nested too deeply", e);
    }
    words(FILTER).forEach(sandbox::requireFilter);
    words(MAPPED).forEach(sandbox::requireFilter);
    words(TEST).forEach(sandbox::requireTest);
  }

  private Stream<String> words(Pattern pattern) {
    return pattern.matcher(source).results().map(match -> match.group(1));
  }

  /**
   * The template of a model file, or empty if it has none.
   *
   * @throws ForegateException if the template is not valid
   */
  public static Optional<ChatTemplate> of(GgufMetadata metadata, Tokenizer tokenizer) {
    if (!metadata.contains(KEY)) {
      return Optional.empty();
    }
    String bos = tokenizer.bos().stream().mapToObj(tokenizer::piece).findFirst().orElse("");
    String eos = tokenizer.eos().stream().mapToObj(tokenizer::piece).findFirst().orElse("");
    return Optional.of(parse(metadata.string(KEY), bos, eos));
  }

  /**
   * A template from its text.
   *
   * @param bos what {@code bos_token} stands for
   * @param eos what {@code eos_token} stands for
   * @throws ForegateException if a tag is left open; other mistakes show when they are rendered
   */
  public static ChatTemplate parse(String jinja, String bos, String eos) {
    return parse(jinja, bos, eos, Clock.system(ZoneId.systemDefault()));
  }

  static ChatTemplate parse(String jinja, String bos, String eos, Clock clock) {
    return new ChatTemplate(jinja, bos, eos, clock);
  }

  /**
   * The conversation as the model wants to read it. Encode it with {@code parseSpecial}, and
   * without {@code addSpecial} if it begins with the beginning token, as most templates' output
   * does.
   *
   * @param addGenerationPrompt whether to end with the beginning of the model's answer
   * @throws ForegateException if the template refuses the conversation or cannot be rendered
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    try {
      return sandbox.render(source, bindings(messages, addGenerationPrompt));
    } catch (JinjaSandbox.Failure e) {
      if (e.getCause() instanceof TemplateFunctions.Refusal) {
        throw new ForegateException(
            "the model's chat template refuses the conversation: " + e.getMessage(),
            "Change the messages as it says.",
            e);
      }
      throw failure((e.line() > 0 ? "line " + e.line() + ": " : "") + e.getMessage(), e);
    }
  }

  private Map<String, Object> bindings(List<ChatMessage> messages, boolean addGenerationPrompt) {
    var bindings = new LinkedHashMap<String, Object>();
    bindings.put("messages", messages.stream().map(ChatTemplate::asMap).toList());
    bindings.put("bos_token", bos);
    bindings.put("eos_token", eos);
    bindings.put("add_generation_prompt", addGenerationPrompt);
    bindings.put("strftime_now", true); // templates ask whether it is defined
    return bindings;
  }

  private static Map<String, Object> asMap(ChatMessage message) {
    var map = new LinkedHashMap<String, Object>();
    map.put("role", message.role().templateName());
    map.put("content", message.content());
    return map;
  }

  private static ForegateException failure(String reason, Throwable cause) {
    return new ForegateException(
        "the model's chat template (%s) cannot be rendered: %s".formatted(KEY, reason),
        "Give the model a plain prompt instead, or get a file with another template.",
        cause);
  }
}
