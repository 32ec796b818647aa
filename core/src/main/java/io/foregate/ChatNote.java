package io.foregate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.error.ForegateException;
import io.foregate.tokenizer.ChatMessage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The messages of a conversation as the note of a session's file: JSON, as chat APIs have it. */
final class ChatNote {
  private static final String ROLE = "role";
  private static final String CONTENT = "content";
  private static final JsonMapper JSON = new JsonMapper();

  private ChatNote() {}

  static String of(List<ChatMessage> messages) {
    List<Map<String, String>> list =
        messages.stream()
            .map(m -> Map.of(ROLE, m.role().templateName(), CONTENT, m.content()))
            .toList();
    try {
      return JSON.writeValueAsString(list);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads what {@link #of} wrote; a session without a conversation has no messages. */
  static List<ChatMessage> read(String note, Path file) {
    if (note.isEmpty()) {
      return List.of();
    }
    try {
      return JSON.readValue(note, new TypeReference<List<Map<String, String>>>() {}).stream()
          .map(m -> new ChatMessage(role(m.get(ROLE)), m.get(CONTENT)))
          .toList();
    } catch (JsonProcessingException | IllegalArgumentException | NullPointerException e) {
      throw new ForegateException(
          file + ": the session's conversation cannot be read", "Begin a new session.", e);
    }
  }

  private static ChatMessage.Role role(String name) {
    for (ChatMessage.Role role : ChatMessage.Role.values()) {
      if (role.templateName().equals(name)) {
        return role;
      }
    }
    throw new IllegalArgumentException("no role: " + name);
  }
}
