package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The templates of real models, where scripts/oracle/install has put them, against transformers,
 * whose texts are here as digests (scripts/oracle/chat/real-templates makes them). Each template
 * meets every conversation, with and without a generation prompt.
 */
class RealTemplatesTest {
  private static final Path FOLDER =
      Path.of(
          System.getProperty("foregate.templates", "../scripts/oracle/node_modules/.templates"));
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-07T09:05:02Z"), ZoneOffset.UTC);
  private static final Map<String, String> TOKENS =
      Map.of("bos_token", "<s>", "eos_token", "</s>", "pad_token", "<pad>", "unk_token", "<unk>");
  private static final JsonMapper JSON = new JsonMapper();

  private record Conversation(
      String name, List<Map<String, Object>> messages, List<Map<String, Object>> tools) {}

  /** How one template did; {@code different} names conversations. */
  private record Result(String name, String sha256, int rendered, List<String> different) {}

  @Test
  void realTemplatesRenderAsInTransformers() throws IOException {
    assumeTrue(
        Files.isDirectory(FOLDER), "left out: scripts/oracle/install has not fetched templates");
    JsonNode golden = JSON.readTree(resource("real.json"));
    List<Conversation> conversations =
        JSON.readValue(resource("conversations.json"), new TypeReference<>() {});
    List<Result> results = new ArrayList<>();
    for (JsonNode template : golden.get("templates")) {
      results.add(check(template, conversations));
    }
    report(golden.get("transformers").asText(), results);

    assertThat(results).hasSizeGreaterThan(60).allMatch(result -> result.rendered() > 60);
    assertThat(results).filteredOn(result -> !result.different().isEmpty()).isEmpty();
  }

  private static Result check(JsonNode golden, List<Conversation> conversations)
      throws IOException {
    String name = golden.get("name").asText();
    String jinja = Files.readString(FOLDER.resolve(name + ".jinja"));
    assertThat(digest(jinja))
        .as("%s is not the template that the digests are of; run real-templates", name)
        .isEqualTo(golden.get("sha256").asText());
    ChatTemplate template = ChatTemplate.parse(ChatTemplate.Origin.key("x"), jinja, TOKENS, CLOCK);
    List<String> different = new ArrayList<>();
    int i = 0;
    for (Conversation conversation : conversations) {
      for (boolean prompt : new boolean[] {false, true}) {
        String expected = golden.get("digests").get(i++).asText();
        if (!render(template, conversation, prompt).equals(expected)) {
          different.add(conversation.name() + (prompt ? " with a generation prompt" : ""));
        }
      }
    }
    return new Result(name, golden.get("sha256").asText(), i, different);
  }

  private static String render(ChatTemplate template, Conversation conversation, boolean prompt) {
    List<ChatMessage> messages = conversation.messages().stream().map(ChatMessage::new).toList();
    List<Map<String, Object>> tools =
        conversation.tools() == null ? List.of() : conversation.tools();
    try {
      return digest(template.render(messages, tools, prompt)).substring(0, 12);
    } catch (ForegateException e) {
      return "!" + digest(e.getCause().getMessage()).substring(0, 12);
    }
  }

  private static String digest(String text) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes the results where {@code -Dforegate.templates.report=FOLDER} asks for them. */
  private static void report(String transformers, List<Result> results) throws IOException {
    String folder = System.getProperty("foregate.templates.report");
    if (folder == null) {
      return;
    }
    var text = new StringBuilder("# Chat templates of real models, against transformers\n\n");
    int renderings = results.stream().mapToInt(Result::rendered).sum();
    text.append(
        "Written by `scripts/oracle/chat/real-templates`. %d templates, %d renderings; transformers %s.\n"
            .formatted(results.size(), renderings, transformers));
    text.append("A refusal counts as equal where its message is the same.\n\n");
    text.append("| template | SHA-256 begins | renderings | equal |\n|---|---|---|---|\n");
    for (Result result : results) {
      text.append(
          "| %s | %s | %d | %d |\n"
              .formatted(
                  result.name(),
                  result.sha256().substring(0, 12),
                  result.rendered(),
                  result.rendered() - result.different().size()));
    }
    Files.writeString(Path.of(folder, "templates.md"), text);
    Files.writeString(
        Path.of(folder, "templates.json"),
        JSON.writerWithDefaultPrettyPrinter().writeValueAsString(results) + "\n");
  }

  private static byte[] resource(String name) throws IOException {
    try (var in = RealTemplatesTest.class.getResourceAsStream("/tokenizer/templates/" + name)) {
      return in.readAllBytes();
    }
  }
}
