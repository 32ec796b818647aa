package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Templates that use what real ones use, over conversations with tools, calls, thought and unusual
 * roles, against transformers; scripts/oracle/chat/make-golden-tools.py made the golden file.
 */
class ToolConversationsTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-07T09:05:02Z"), ZoneOffset.UTC);
  private static final JsonMapper JSON = new JsonMapper();

  private record Conversation(
      String name, List<Map<String, Object>> messages, List<Map<String, Object>> tools) {}

  @ParameterizedTest
  @ValueSource(strings = {"calls-and-thought", "channels", "alternating"})
  void rendersAsTransformersDoes(String name) throws IOException {
    Map<String, Conversation> conversations = conversations();
    ChatTemplate template =
        ChatTemplate.parse(
            ChatTemplate.Origin.key("x"),
            new String(resource("tools/" + name + ".jinja"), StandardCharsets.UTF_8),
            Map.of("bos_token", "<s>", "eos_token", "</s>"),
            CLOCK);
    int compared = 0;
    for (JsonNode golden : JSON.readTree(resource("tools/golden.json"))) {
      if (golden.get("template").asText().equals(name)) {
        check(template, conversations.get(golden.get("conversation").asText()), golden);
        compared++;
      }
    }
    assertThat(compared).isEqualTo(2 * conversations.size());
  }

  private static void check(ChatTemplate template, Conversation conversation, JsonNode golden) {
    List<ChatMessage> messages = conversation.messages().stream().map(ChatMessage::new).toList();
    List<Map<String, Object>> tools =
        conversation.tools() == null ? List.of() : conversation.tools();
    boolean prompt = golden.get("add_generation_prompt").asBoolean();
    if (golden.has("error")) {
      assertThatThrownBy(() -> template.render(messages, tools, prompt))
          .as(conversation.name())
          .isInstanceOf(ForegateException.class)
          .hasMessageEndingWith(golden.get("error").asText());
    } else {
      assertThat(template.render(messages, tools, prompt))
          .as(conversation.name())
          .isEqualTo(golden.get("expected").asText());
    }
  }

  private static Map<String, Conversation> conversations() throws IOException {
    var named = new HashMap<String, Conversation>();
    List<Conversation> all =
        JSON.readValue(resource("conversations.json"), new TypeReference<>() {});
    all.forEach(conversation -> named.put(conversation.name(), conversation));
    return named;
  }

  private static byte[] resource(String name) throws IOException {
    try (var in = ToolConversationsTest.class.getResourceAsStream("/tokenizer/templates/" + name)) {
      return in.readAllBytes();
    }
  }
}
