package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.tokenizer.ChatMessage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatNoteTest {
  private static final Path FILE = Path.of("talk.session");

  @Test
  void keepsAllOfAMessage() {
    var call = new LinkedHashMap<String, Object>();
    call.put("role", "assistant");
    call.put("content", null);
    call.put("tool_calls", List.of(Map.of("id", "1", "function", Map.of("arguments", Map.of()))));
    call.put("own", Arrays.asList(1, 1.5, true, null, "\ud83d\ude00"));
    List<ChatMessage> messages =
        List.of(
            new ChatMessage(Map.of("role", "ipython", "tool_call_id", "1")),
            new ChatMessage(call),
            ChatMessage.assistant("Yes.", "Hm."));

    List<ChatMessage> read = ChatNote.read(ChatNote.of(messages), FILE);
    assertThat(read).isEqualTo(messages);
    assertThat(read.get(1).fields().keySet())
        .containsExactly("role", "content", "tool_calls", "own");
  }

  @Test
  void readsWhatEarlierVersionsWrote() {
    assertThat(ChatNote.read("[{\"content\":\"Hi\",\"role\":\"user\"}]", FILE))
        .containsExactly(ChatMessage.user("Hi"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[{}]", "[null]", "[{\"role\":1}]", "[\"user\"]"})
  void saysThatANoteIsDamaged(String note) {
    assertThatThrownBy(() -> ChatNote.read(note, FILE))
        .isInstanceOf(ForegateException.class)
        .hasMessage("talk.session: the session's conversation cannot be read");
  }
}
