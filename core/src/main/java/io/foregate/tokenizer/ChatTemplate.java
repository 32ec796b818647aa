package io.foregate.tokenizer;

import io.foregate.error.ForegateException;
import io.foregate.template.Limits;
import io.foregate.template.RenderOptions;
import io.foregate.template.Template;
import io.foregate.template.TemplateException;
import java.time.Clock;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a model wants a conversation written: the file's own Jinja template ({@code
 * tokenizer.chat_template}), rendered as Hugging Face's transformers renders it.
 *
 * <p>A template is data of unknown origin. It sees the messages, the names of the beginning and end
 * tokens and a few functions; it reaches no Java object, no file and no other template, and its
 * output, its recursion, its steps and its time are bounded. Immutable, thread-safe.
 */
public final class ChatTemplate {

  private final Template template;
  private final RenderOptions options;
  private final String jinja;
  private final Origin origin;
  private final Map<String, String> tokens;

  /**
   * Where a template comes from, for messages.
   *
   * @param name what it is called
   * @param detail where in there, with what sets it off; may be empty
   */
  record Origin(String name, String detail) {
    static Origin key(String key) {
      return new Origin("the model's chat template", " (" + key + ")");
    }
  }

  private ChatTemplate(Origin origin, String jinja, Map<String, String> tokens, Clock clock) {
    this.origin = origin;
    this.jinja = jinja;
    this.tokens = Map.copyOf(tokens);
    this.options = new RenderOptions(clock, Limits.DEFAULT);
    try {
      this.template = Template.parse(jinja);
    } catch (TemplateException e) {
      throw failure(e);
    }
  }

  /**
   * A template from its text.
   *
   * @param name what messages call it, such as its file
   * @param tokens the texts of special tokens by the names that templates know them by, such as
   *     {@code bos_token}
   * @throws ForegateException if it is not valid
   */
  public static ChatTemplate parse(String name, String jinja, Map<String, String> tokens) {
    return parse(new Origin(name, ""), jinja, tokens);
  }

  static ChatTemplate parse(Origin origin, String jinja, Map<String, String> tokens) {
    return parse(origin, jinja, tokens, Clock.system(ZoneId.systemDefault()));
  }

  static ChatTemplate parse(Origin origin, String jinja, Map<String, String> tokens, Clock clock) {
    return new ChatTemplate(origin, jinja, tokens, clock);
  }

  /** The template's text. */
  public String jinja() {
    return jinja;
  }

  /** As {@link #render(List, List, boolean)}, without tools. */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    return render(messages, List.of(), addGenerationPrompt);
  }

  /**
   * The conversation as the model wants to read it. {@link Tokenizer#encodeChat} makes tokens of
   * it.
   *
   * <p>Arguments of tool calls may be objects, or texts of JSON as APIs have them.
   *
   * @param tools descriptions of functions, as JSON's values; none is the same as not to speak of
   *     tools
   * @param addGenerationPrompt whether to end with the beginning of the model's answer
   * @throws ForegateException if the template refuses the conversation or cannot be rendered
   */
  public String render(
      List<ChatMessage> messages, List<Map<String, Object>> tools, boolean addGenerationPrompt) {
    Optional<List<ChatMessage>> objects = ToolArguments.asObjects(messages);
    if (objects.isEmpty()) {
      return renderAsIs(messages, tools, addGenerationPrompt);
    }
    try {
      return renderAsIs(objects.get(), tools, addGenerationPrompt);
    } catch (ForegateException failure) {
      try {
        return renderAsIs(messages, tools, addGenerationPrompt);
      } catch (ForegateException again) {
        throw failure; // what is wrong has nothing to do with the arguments
      }
    }
  }

  private String renderAsIs(
      List<ChatMessage> messages, List<Map<String, Object>> tools, boolean addGenerationPrompt) {
    try {
      return template.render(bindings(messages, tools, addGenerationPrompt), options);
    } catch (TemplateException e) {
      if (e.raised()) {
        throw new ForegateException(
            origin.name() + " refuses the conversation: " + e.getMessage(),
            "Change the messages as it says.",
            e);
      }
      throw failure(e);
    }
  }

  private Map<String, Object> bindings(
      List<ChatMessage> messages, List<Map<String, Object>> tools, boolean addGenerationPrompt) {
    var bindings = new LinkedHashMap<String, Object>(tokens);
    bindings.put("messages", messages.stream().map(ChatMessage::fields).toList());
    bindings.put("tools", tools.isEmpty() ? null : tools);
    bindings.put("documents", null);
    bindings.put("add_generation_prompt", addGenerationPrompt);
    return bindings;
  }

  private ForegateException failure(TemplateException cause) {
    String where = cause.line() > 0 ? "line " + cause.line() + ": " : "";
    return new ForegateException(
        "%s%s cannot be rendered: %s%s"
            .formatted(origin.name(), origin.detail(), where, cause.getMessage()),
        "Give the model a plain prompt instead, or get a file with another template.",
        cause);
  }
}
