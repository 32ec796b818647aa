package io.foregate.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the golden files do not hold: Java's side, threads, and templates that no one wrote. */
class TemplateTest {
  private static final List<String> PIECES =
      List.of(
          "{{",
          "}}",
          "{%",
          "%}",
          "{#",
          "#}",
          "-",
          "+",
          "if",
          "endif",
          "for",
          "in",
          "endfor",
          "set",
          "endset",
          "macro",
          "endmacro",
          "call",
          "endcall",
          "x",
          "m",
          "f(",
          ")",
          "[",
          "]",
          "{",
          "}",
          "1",
          "2.5",
          "'a'",
          "\"",
          "'",
          "|",
          "upper",
          "length",
          "is",
          "not",
          "defined",
          "==",
          "~",
          "*",
          "**",
          "//",
          "%",
          ":",
          ",",
          ".",
          "role",
          "else",
          "elif",
          "and",
          "or",
          "raw",
          "endraw",
          "loop",
          "recursive",
          "namespace(a=1)",
          "range(3)",
          "\n",
          "  ",
          "text",
          "filter",
          "with",
          "endfilter",
          "endwith",
          "break",
          "continue",
          "true",
          "none",
          "map(",
          "tojson",
          "join",
          "\u00e9",
          "\ud83d\ude00",
          "\ud83d",
          "_",
          "block",
          "endblock",
          "generation",
          "is in");

  private static String render(String jinja, Map<String, ?> variables) {
    return Template.parse(jinja).render(variables, RenderOptions.defaults());
  }

  @Test
  void takesPlainData() {
    Map<String, Object> variables = new HashMap<>();
    variables.put("none", null);
    variables.put("truth", true);
    variables.put("int", 1);
    variables.put("long", 1L << 40);
    variables.put("big", BigInteger.TEN.pow(30));
    variables.put("real", 1.5);
    variables.put("text", "it's");
    variables.put("list", Arrays.asList(1, null, List.of("a", Map.of("k", false))));

    assertThat(render("{{ [none, truth, int, long, big, real, text, list] }}", variables))
        .isEqualTo(
            "[None, True, 1, 1099511627776, 1000000000000000000000000000000, 1.5, \"it's\","
                + " [1, None, ['a', {'k': False}]]]");
  }

  @Test
  void takesNothingElse() {
    assertThatThrownBy(() -> render("", Map.of("x", Instant.EPOCH)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no template can hold a java.time.Instant");
    assertThatThrownBy(() -> render("", Map.of("x", Map.of(1, 2))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void tellsATemplatesOwnRefusalFromAMistake() {
    assertThatThrownBy(() -> render("\n{{ raise_exception('Speak up!') }}", Map.of()))
        .isInstanceOfSatisfying(
            TemplateException.class,
            e -> {
              assertThat(e.raised()).isTrue();
              assertThat(e.line()).isEqualTo(2);
            })
        .hasMessage("Speak up!");
  }

  @Test
  void countsCodePointsAndKeepsLoneSurrogates() {
    Map<String, Object> variables = Map.of("s", "\ud83d\ude00a\ud83d", "low", "\ude00");

    assertThat(render("{{ s|length }}{{ s[1] }}{{ s[::-1][1] }}{{ s.find('a') }}", variables))
        .isEqualTo("3aa1");
    assertThat(render("{{ s[2:] }}", variables)).isEqualTo("\ud83d");
    assertThat(render("{{ (s[2:] ~ low)|length }}", variables)).isEqualTo("1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"extends", "include", "import", "from"})
  void refusesOtherTemplates(String tag) {
    String rest = tag.equals("import") ? " as x" : tag.equals("from") ? " import y" : "";

    assertThatThrownBy(() -> render("{% " + tag + " 'a'" + rest + " %}", Map.of()))
        .isInstanceOf(TemplateException.class)
        .hasMessage("it asks for another template by '" + tag + "', and a chat template has none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"'a'|random", "lipsum()", "'a'|urlize", "'a'.encode()"})
  void refusesWhatNoPromptShouldDependOn(String expression) {
    assertThatThrownBy(() -> render("{{ " + expression + " }}", Map.of()))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void rendersOnManyThreadsAtOnce() throws Exception {
    Template template =
        Template.parse(
            "{% macro f(x) %}{{ x }}{% endmacro %}{% set ns = namespace(n=0) %}"
                + "{% for m in messages %}{% set ns.n = ns.n + m %}{{ f(ns.n) }},{% endfor %}");
    List<Callable<String>> tasks = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      List<Integer> messages = List.of(i, i, i);
      tasks.add(() -> template.render(Map.of("messages", messages), RenderOptions.defaults()));
    }
    try (var pool = Executors.newFixedThreadPool(8)) {
      var results = pool.invokeAll(tasks);
      for (int i = 0; i < results.size(); i++) {
        assertThat(results.get(i).get()).isEqualTo("%d,%d,%d,".formatted(i, 2 * i, 3 * i));
      }
    }
  }

  @Test
  void endsWithATextOrASentenceWhateverItIsGiven() {
    var random = new Random(7);
    int texts = 0;
    for (int i = 0; i < 20_000; i++) {
      var jinja = new StringBuilder(random.nextBoolean() ? "{{ " : "");
      for (int pieces = random.nextInt(14); pieces > 0; pieces--) {
        jinja
            .append(PIECES.get(random.nextInt(PIECES.size())))
            .append(random.nextInt(3) > 0 ? " " : "");
      }
      if (random.nextBoolean()) {
        jinja.append(" }}");
      }
      texts += endsWell(jinja.toString()) ? 1 : 0;
    }
    assertThat(texts).isGreaterThan(1000);
  }

  @Test
  void survivesMutations() {
    String real =
        "{% macro f(x, y=1) %}{{ x|upper ~ y }}{% endmacro %}{%- for m in messages if m.role %}"
            + "{{- '<|' + m['role'] + '|>' }}{% if loop.last and m.content is string %}"
            + "{{ m.content[1:].strip()|tojson(indent=2) }}{% elif not m.x %}{{ f(m.content) }}"
            + "{% else %}{% set ns = namespace(a=[1, 2.5, 'c']) %}{% set ns.a = ns.a + [none] %}"
            + "{{ ns.a|map('string')|join(', ') }}{% endif %}{% endfor %}";
    var random = new Random(11);
    int texts = 0;
    for (int i = 0; i < 20_000; i++) {
      var jinja = new StringBuilder(real);
      for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
        int at = random.nextInt(jinja.length());
        switch (random.nextInt(3)) {
          case 0 -> jinja.deleteCharAt(at);
          case 1 -> jinja.insert(at, PIECES.get(random.nextInt(PIECES.size())));
          default -> jinja.setCharAt(at, jinja.charAt(random.nextInt(jinja.length())));
        }
      }
      texts += endsWell(jinja.toString()) ? 1 : 0;
    }
    assertThat(texts).isGreaterThan(1000);
  }

  /** Whether it renders; anything but that and a TemplateException fails the test. */
  private static boolean endsWell(String jinja) {
    Map<String, Object> variables =
        Map.of("x", 1, "messages", List.of(Map.of("role", "user", "content", " hi ")));
    try {
      render(jinja, variables);
      return true;
    } catch (TemplateException e) {
      assertThat(e.getMessage()).isNotBlank();
      return false;
    } catch (RuntimeException e) {
      throw new AssertionError("not a sentence: " + jinja, e);
    }
  }
}
