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
  private static final JsonMapper JSON = new JsonMapper();

  private ChatNote() {}

  static String of(List<ChatMessage> messages) {
    try {
      return JSON.writeValueAsString(messages.stream().map(ChatMessage::fields).toList());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads what {@link #of} wrote.
   *
   * @throws ForegateException if it is damaged, or the session is of a text and no conversation
   */
  static List<ChatMessage> read(String note, Path file) {
    if (note.isEmpty()) {
      throw new ForegateException(
          file + " holds a text that is continued, and no conversation, which would take its place",
          "Go on with [[Model.generate]], or choose another file.");
    }
    try {
      return JSON.readValue(note, new TypeReference<List<Map<String, Object>>>() {}).stream()
          .map(ChatMessage::new)
          .toList();
    } catch (JsonProcessingException | IllegalArgumentException | NullPointerException e) {
      throw new ForegateException(
          file + ": the session's conversation cannot be read", "Begin a new session.", e);
    }
  }
}
