package io.foregate.convert.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a {@code config.json} says that no rule of a conversion has asked for, and that is not known
 * to be harmless ({@code hf-harmless.json}: keys by the reason why, and values that do nothing).
 */
public final class UnreadKeys {
  private static final String RESOURCE = "hf-harmless.json";
  private static final int LONGEST = 40;

  private final Set<String> harmless = new HashSet<>();
  private final JsonNode idle;

  private UnreadKeys() {
    try (InputStream in = UnreadKeys.class.getResourceAsStream(RESOURCE)) {
      JsonNode table = new JsonMapper().readTree(in);
      table.path("groups").forEach(group -> group.forEach(key -> harmless.add(key.asText())));
      idle = table.path("idle");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A sentence that lists them, once all rules have been applied; empty if there are none. */
  public static Optional<String> note(HfConfig config) {
    var table = new UnreadKeys();
    List<String> keys = new ArrayList<>();
    config.unread().forEach((key, value) -> table.add(keys, key, value));
    return keys.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "config.json says what the file has no place for: " + String.join(", ", keys));
  }

  private void add(List<String> keys, String key, JsonNode value) {
    String name = key.substring(key.lastIndexOf('.') + 1);
    if (!harmless.contains(name) && !isIdle(name, value)) {
      String text = value.toString();
      String shown = text.length() > LONGEST ? text.substring(0, LONGEST) + ".." : text;
      keys.add("'%s' (%s)".formatted(key, shown));
    }
  }

  /** Whether a value, or each of a list, does nothing. */
  private boolean isIdle(String name, JsonNode value) {
    if (value.isArray()) {
      for (JsonNode element : value) {
        if (!isIdle(name, element)) {
          return false;
        }
      }
      return true;
    }
    for (JsonNode known : idle.path(name)) {
      boolean same =
          (known.isNumber() && value.isNumber())
              ? known.asDouble() == value.asDouble()
              : known.equals(value);
      if (same) {
        return true;
      }
    }
    return false;
  }
}
