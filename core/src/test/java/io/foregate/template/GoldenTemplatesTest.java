package io.foregate.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Renderings and mistakes against live jinja2's; scripts/oracle/template makes the golden file. */
class GoldenTemplatesTest {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS);
  private static final RenderOptions OPTIONS =
      new RenderOptions(
          Clock.fixed(Instant.parse("2026-03-07T09:05:02Z"), ZoneOffset.UTC), Limits.DEFAULT);

  private static JsonNode read(String name) throws IOException {
    try (InputStream in = GoldenTemplatesTest.class.getResourceAsStream("/template/" + name)) {
      return JSON.readTree(in);
    }
  }

  private static Map<String, Object> map(JsonNode node) {
    return JSON.convertValue(node, new TypeReference<Map<String, Object>>() {});
  }

  private static String rendered(String template, Map<String, Object> variables) {
    try {
      return "text: " + Template.parse(template).render(variables, OPTIONS);
    } catch (TemplateException e) {
      return "error: " + e.getMessage();
    }
  }

  @Test
  void rendersAsJinja2Does() throws IOException {
    JsonNode golden = read("golden.json");
    Map<String, Object> variables = map(golden.get(0).get("variables"));
    List<String> different = new ArrayList<>();

    for (int i = 1; i < golden.size(); i++) {
      JsonNode one = golden.get(i);
      String expected =
          one.has("expected")
              ? "text: " + one.get("expected").asText()
              : "error: " + one.get("error").asText();
      String found = rendered(one.get("template").asText(), variables);
      if (!found.equals(expected)) {
        different.add(one.get("template").asText() + "\n  " + expected + "\n  " + found);
      }
    }
    assertThat(golden.size()).isGreaterThan(3000);
    assertThat(different).isEmpty();
  }

  @Test
  void namesTheLineOfAMistakeAsJinja2Does() throws IOException {
    int compared = 0;
    for (JsonNode one : read("golden.json")) {
      if (one.has("line")) {
        String template = one.get("template").asText();
        int line = one.get("line").asInt();
        assertThat(lineOfMistake(template)).as(template).isEqualTo(line);
        assertThat(lineOfMistake("\n{# a\n #}" + template)).as(template).isEqualTo(line + 2);
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(50);
  }

  private static int lineOfMistake(String template) {
    try {
      Template.parse(template);
      return 0;
    } catch (TemplateException e) {
      return e.line();
    }
  }

  @Test
  void passesTheCasesThatWereFound() throws IOException {
    JsonNode cases = read("cases.json");
    for (JsonNode one : cases) {
      Map<String, Object> variables = new HashMap<>();
      variables.put("messages", JSON.convertValue(one.get("messages"), List.class));
      variables.put("add_generation_prompt", one.get("add_generation_prompt").asBoolean());
      variables.put("bos_token", "");
      variables.put("eos_token", "");
      variables.put("tools", null);
      variables.put("documents", null);
      String expected =
          one.has("expected")
              ? "text: " + one.get("expected").asText()
              : "error: " + one.get("refused").asText().replaceFirst("^\\w+: ", "");
      assertThat(rendered(one.get("template").asText(), variables))
          .as(one.get("kind").asText() + ", " + one.get("name").asText())
          .isEqualTo(expected);
    }
    assertThat(cases.size()).isGreaterThan(30);
  }
}
