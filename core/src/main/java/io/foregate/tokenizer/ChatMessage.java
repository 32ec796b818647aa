package io.foregate.tokenizer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One turn of a conversation, as chat APIs have it and as templates see it: a dictionary. {@code
 * role} is any name that the template knows; {@code content} may be a text, a list of parts, or
 * null beside {@code tool_calls}. Keys that Foregate does not know are kept: the template may know
 * them. Immutable.
 *
 * @param fields values of JSON (null, texts, booleans, numbers, lists, maps), in their order
 */
public record ChatMessage(Map<String, Object> fields) {
  /** Whose message it is, a text. */
  public static final String ROLE = "role";

  /** What is said. */
  public static final String CONTENT = "content";

  /** What templates call that which the model thought before it answered; each reads one. */
  private static final List<String> REASONING =
      List.of("reasoning_content", "thinking", "reasoning");

  /**
   * Checks and copies.
   *
   * @throws IllegalArgumentException if there is no role, or a value that JSON does not have
   */
  public ChatMessage {
    if (!(fields.get(ROLE) instanceof String)) {
      throw new IllegalArgumentException("a message has no role");
    }
    fields = copy(fields);
  }

  private ChatMessage(String role, String content) {
    this(ordered(role, Objects.requireNonNull(content, CONTENT), ""));
  }

  /** What the system's operator asks of the model. */
  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  /** What the user says. */
  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  /** What the model has said. */
  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }

  /** What the model has said, and thought before; no thought is the same as none told. */
  public static ChatMessage assistant(String content, String reasoning) {
    return new ChatMessage(ordered("assistant", content, reasoning));
  }

  private static Map<String, Object> ordered(String role, String content, String reasoning) {
    var fields = new LinkedHashMap<String, Object>();
    fields.put(ROLE, role);
    fields.put(CONTENT, content);
    if (!reasoning.isEmpty()) {
      REASONING.forEach(name -> fields.put(name, reasoning));
    }
    return fields;
  }

  /** Who speaks. */
  public String role() {
    return (String) fields.get(ROLE);
  }

  /** Whether it tells the model how to behave, whatever its maker calls that. */
  public boolean isInstruction() {
    return role().equals("system") || role().equals("developer");
  }

  private static Map<String, Object> copy(Map<?, ?> map) {
    var copy = new LinkedHashMap<String, Object>();
    map.forEach((key, value) -> copy.put((String) key, copyValue(value)));
    return Collections.unmodifiableMap(copy);
  }

  private static Object copyValue(Object value) {
    return switch (value) {
      case null -> null;
      case String _, Boolean _, Number _ -> value;
      case List<?> list -> {
        var copy = new ArrayList<Object>(list.size());
        list.forEach(element -> copy.add(copyValue(element)));
        yield Collections.unmodifiableList(copy);
      }
      case Map<?, ?> map -> copy(map);
      default -> throw new IllegalArgumentException("not a value of JSON: " + value.getClass());
    };
  }
}
