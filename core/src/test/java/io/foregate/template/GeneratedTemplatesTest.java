package io.foregate.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Made-up templates against jinja2: a file of jinja2's answers everywhere, and jinja2 itself where
 * Python has it. {@code -Dforegate.templates.seed} and {@code .tries} look further.
 */
class GeneratedTemplatesTest {
  private static final Path REFERENCE = Path.of("../scripts/oracle/chat/reference.py");
  private static final RenderOptions OPTIONS =
      new RenderOptions(
          Clock.fixed(Instant.parse("2026-03-07T09:05:02Z"), ZoneOffset.UTC),
          RenderOptions.defaults().limits());
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * Folded constants: jinja2 lets a slice of a literal number be undefined, but of a value fail.
   */
  private static final String FOLDED = "object is not subscriptable";

  @Test
  void asTheGoldenFileSays() throws IOException {
    int compared = 0;
    try (var lines =
        new BufferedReader(
            new InputStreamReader(
                GeneratedTemplatesTest.class.getResourceAsStream("/template/generated.jsonl"),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        check(JSON.readTree(line));
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(500);
  }

  @Test
  void asJinja2Says() throws IOException {
    assumeTrue(hasJinja2(), "left out: python3 with jinja2 3.1 is not installed");
    var generator = new TemplateGenerator(Long.getLong("foregate.templates.seed", 20261130));
    List<String> cases = new ArrayList<>();
    for (int i = Integer.getInteger("foregate.templates.tries", 400); i > 0; i--) {
      cases.add(TemplateGenerator.asCase(generator.template()));
    }
    int compared = 0;
    for (String answer : ask(cases)) {
      check(JSON.readTree(answer));
      compared++;
    }
    assertThat(compared).isEqualTo(cases.size());
  }

  /** The same text; where jinja2 fails, a failure, whose words other tests compare. */
  private static void check(JsonNode answer) {
    String template = answer.get("template").asText();
    String expected = answer.path("expected").asText();
    String got;
    try {
      got = Template.parse(template).render(GeneratedVariables.ALL, OPTIONS);
    } catch (TemplateException e) {
      if (!answer.has("error") && !e.getMessage().endsWith(FOLDED)) {
        throw new AssertionError(template + "\nis\n" + expected, e);
      }
      return;
    }
    if (expected.contains(" at 0x")) {
      return; // Python prints addresses of objects
    }
    assertThat(answer.path("error").asText(""))
        .as("error in %s, which is %s", template, got)
        .isEmpty();
    assertThat(got).as(template).isEqualTo(expected);
  }

  private static boolean hasJinja2() {
    try {
      Process check = new ProcessBuilder("python3", REFERENCE.toString(), "--check").start();
      String version = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return check.waitFor() == 0 && version.startsWith("3.1.");
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** One process answers all cases; a thread of its own writes, so that no pipe fills up. */
  private static List<String> ask(List<String> cases) throws IOException {
    Process python =
        new ProcessBuilder("python3", "-W", "ignore", REFERENCE.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (var answers =
        new BufferedReader(
            new InputStreamReader(python.getInputStream(), StandardCharsets.UTF_8))) {
      Thread.startVirtualThread(() -> write(python, cases));
      return answers.lines().toList();
    } finally {
      python.destroy();
    }
  }

  private static void write(Process python, List<String> cases) {
    try (Writer out = new OutputStreamWriter(python.getOutputStream(), StandardCharsets.UTF_8)) {
      for (String line : cases) {
        out.write(line + "\n");
      }
    } catch (IOException e) {
      python.destroy(); // the missing answers fail the test
    }
  }
}
