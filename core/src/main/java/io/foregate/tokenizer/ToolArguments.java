package io.foregate.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The arguments of tool calls, which APIs have as a text of JSON and most templates want as an
 * object: they print {@code arguments | tojson}, which would quote a text once more, or walk the
 * keys. As llama.cpp does, texts are made objects; a few templates that add the text to others fail
 * with an object, and are then given the text.
 */
final class ToolArguments {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  private static final String CALLS = "tool_calls";
  private static final String FUNCTION = "function";
  private static final String ARGUMENTS = "arguments";

  private ToolArguments() {}

  /** The messages with objects for texts, where that changes any. */
  static Optional<List<ChatMessage>> asObjects(List<ChatMessage> messages) {
    List<ChatMessage> changed = messages.stream().map(ToolArguments::asObjects).toList();
    return changed.equals(messages) ? Optional.empty() : Optional.of(changed);
  }

  private static ChatMessage asObjects(ChatMessage message) {
    if (!(message.fields().get(CALLS) instanceof List<?> calls)) {
      return message;
    }
    List<Object> changed = new ArrayList<>();
    calls.forEach(call -> changed.add(call instanceof Map<?, ?> map ? call(map) : call));
    return new ChatMessage(with(message.fields(), CALLS, changed));
  }

  /** A call as the API nests it, or the function alone. */
  private static Map<?, ?> call(Map<?, ?> call) {
    if (call.get(FUNCTION) instanceof Map<?, ?> function) {
      return with(call, FUNCTION, call(function));
    }
    return call.get(ARGUMENTS) instanceof String text
        ? object(text).<Map<?, ?>>map(o -> with(call, ARGUMENTS, o)).orElse(call)
        : call;
  }

  private static Optional<Map<String, Object>> object(String text) {
    try {
      return Optional.ofNullable(JSON.readValue(text, new TypeReference<Map<String, Object>>() {}));
    } catch (JsonProcessingException e) {
      return Optional.empty(); // models write what is no JSON; templates may print that
    }
  }

  private static Map<String, Object> with(Map<?, ?> map, String key, Object value) {
    var copy = new LinkedHashMap<String, Object>();
    map.forEach((k, v) -> copy.put((String) k, v));
    copy.put(key, value);
    return copy;
  }
}
