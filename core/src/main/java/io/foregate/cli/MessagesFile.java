package io.foregate.cli;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foregate.cli.terminal.CommandException;
import io.foregate.error.JsonReason;
import io.foregate.tokenizer.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Messages and tools as OpenAI's API has them in its requests: a list of messages, or an object
 * with {@code messages} and perhaps {@code tools}.
 *
 * @param messages at least one
 * @param tools none, or descriptions of functions; empty where the file does not speak of them
 */
record MessagesFile(List<ChatMessage> messages, Optional<List<Map<String, Object>>> tools) {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  private static final String MESSAGES = "messages";
  private static final String TOOLS = "tools";
  private static final String CALLS = "tool_calls";
  private static final String MESSAGES_LOOK =
      "Messages look as in OpenAI's API: [{\"role\": \"user\", \"content\": \"Hello\"}].";
  private static final String TOOLS_LOOK =
      "Tools look as in OpenAI's API: [{\"type\": \"function\", \"function\": {\"name\": \"add\"}}].";

  /**
   * Reads messages.
   *
   * @param name the file, for complaints
   * @throws CommandException if the text is not what the API would take
   */
  static MessagesFile parse(String name, String json) {
    var source = new Source(name, MESSAGES_LOOK);
    JsonNode root = source.tree(json);
    if (root.isObject() && !root.has(MESSAGES)) {
      throw source.wrong("found an object without 'messages'", "a list of messages");
    }
    JsonNode list = root.isObject() ? root.get(MESSAGES) : root;
    String path = root.isObject() ? MESSAGES : "";
    source.require(list.isArray(), path, list, "a list of messages");
    source.require(!list.isEmpty(), MESSAGES, list, "at least one message");
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      messages.add(source.message("%s[%d]".formatted(MESSAGES, i), list.get(i)));
    }
    return new MessagesFile(messages, new Source(name, TOOLS_LOOK).toolsIn(root));
  }

  /** Reads tools: a list, or an object with {@code tools}. */
  static List<Map<String, Object>> parseTools(String name, String json) {
    var source = new Source(name, TOOLS_LOOK);
    JsonNode root = source.tree(json);
    return source.toolsIn(root).orElseGet(() -> source.tools("", root));
  }

  /** A file's name, what its content looks like, and what is asked of its values. */
  private record Source(String name, String look) {

    JsonNode tree(String json) {
      try {
        JsonNode root = JSON.readTree(json.startsWith("\ufeff") ? json.substring(1) : json);
        require(!root.isMissingNode(), "", root, "JSON");
        return root;
      } catch (JsonProcessingException e) {
        JsonLocation at = e.getLocation(); // none where the text nests too deeply
        throw new CommandException(
            "%s: is not JSON: %s%s"
                .formatted(
                    name,
                    JsonReason.of(e),
                    at == null
                        ? ""
                        : " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr())),
            look,
            e);
      }
    }

    CommandException wrong(String found, String expected) {
      return new CommandException("%s: %s, expected %s".formatted(name, found, expected), look);
    }

    void require(boolean right, String path, JsonNode found, String expected) {
      if (!right) {
        throw wrong((path.isEmpty() ? "found " : path + " is ") + describe(found), expected);
      }
    }

    private static String describe(JsonNode node) {
      return switch (node.getNodeType()) {
        case MISSING -> "nothing";
        case NULL -> "null";
        case STRING -> "a text";
        case NUMBER -> "a number";
        case BOOLEAN -> node.asText();
        case ARRAY -> node.isEmpty() ? "an empty list" : "a list";
        default -> "an object";
      };
    }

    ChatMessage message(String path, JsonNode node) {
      require(node.isObject(), path, node, "an object with role and content");
      JsonNode role = node.path("role");
      require(role.isTextual(), path + ".role", role, "a text, such as \"user\"");
      JsonNode content = node.path("content");
      require(
          content.isTextual() || content.isArray() || content.isNull() || content.isMissingNode(),
          path + ".content",
          content,
          "a text or a list of parts");
      for (int i = 0; content.isArray() && i < content.size(); i++) {
        String part = "%s.content[%d]".formatted(path, i);
        require(
            content.get(i).isObject() || content.get(i).isTextual(),
            part,
            content.get(i),
            "an object such as {\"type\": \"text\", \"text\": \"Hello\"}");
      }
      JsonNode calls = node.path(CALLS);
      require(
          calls.isArray() || calls.isNull() || calls.isMissingNode(),
          path + "." + CALLS,
          calls,
          "a list of calls");
      return new ChatMessage(map(node));
    }

    Optional<List<Map<String, Object>>> toolsIn(JsonNode root) {
      JsonNode tools = root.path(TOOLS);
      return root.isArray() || tools.isMissingNode()
          ? Optional.empty()
          : Optional.of(tools.isNull() ? List.of() : tools(TOOLS, tools));
    }

    List<Map<String, Object>> tools(String path, JsonNode node) {
      require(node.isArray(), path, node, "a list of tools");
      List<Map<String, Object>> tools = new ArrayList<>();
      for (int i = 0; i < node.size(); i++) {
        String at = "%s[%d]".formatted(TOOLS, i);
        require(node.get(i).isObject(), at, node.get(i), "an object that describes a function");
        tools.add(map(node.get(i)));
      }
      return tools;
    }

    private static Map<String, Object> map(JsonNode node) {
      return JSON.convertValue((ObjectNode) node, new TypeReference<Map<String, Object>>() {});
    }
  }
}
