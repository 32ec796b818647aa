package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foregate.error.ForegateException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Renderings against Hugging Face's, whose golden file comes from scripts/oracle/chat. */
class ChatTemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-07T09:05:02Z"), ZoneOffset.UTC);
  private static final ChatTemplate.Origin ORIGIN =
      ChatTemplate.Origin.key("tokenizer.chat_template");
  private static final Map<String, String> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");
  private static final List<ChatMessage> HELLO = List.of(ChatMessage.user("Hello"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mixtral-instruct-v0.1",
        "llama-3-instruct",
        "qwen2-chatml",
        "qwen1.5-moe-chatml",
        "olmoe-instruct",
        "granite-3-instruct",
        "deepseek-v2-chat",
        "phi-3.5-moe-instruct",
        "mistral-nemo-instruct",
        "qwen3",
        "gemma-2-it",
        "zephyr",
        "pythonisms"
      })
  void rendersAsTransformersDoes(String name) throws IOException {
    String jinja = new String(resource(name + ".jinja"), StandardCharsets.UTF_8);
    ChatTemplate template = ChatTemplate.parse(ORIGIN, jinja, TOKENS, CLOCK);
    int compared = 0;

    for (JsonNode golden : new ObjectMapper().readTree(resource("golden.json"))) {
      if (golden.get("template").asText().equals(name + ".jinja")) {
        check(template, golden);
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(10);
  }

  private static void check(ChatTemplate template, JsonNode golden) {
    boolean prompt = golden.get("add_generation_prompt").asBoolean();
    if (golden.has("error")) {
      assertThatThrownBy(() -> template.render(messages(golden), prompt))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining(golden.get("error").asText());
    } else {
      assertThat(template.render(messages(golden), prompt))
          .isEqualTo(golden.get("expected").asText());
    }
  }

  private static List<ChatMessage> messages(JsonNode golden) {
    var messages = new ArrayList<ChatMessage>();
    for (JsonNode message : golden.get("messages")) {
      messages.add(
          new ChatMessage(
              new ObjectMapper()
                  .convertValue(message, new TypeReference<Map<String, Object>>() {})));
    }
    return messages;
  }

  private static ChatTemplate parse(String jinja) {
    return ChatTemplate.parse(ORIGIN, jinja, Map.of("bos_token", "", "eos_token", ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.class }}",
        "{{ ''['class'] }}",
        "{{ messages.class }}",
        "{{ messages[0].class }}",
        "{{ ''.__class__ }}",
        "{{ messages['__init__'] }}",
        "{{ raise_exception.class }}",
        "{{ raise_exception.__globals__ }}"
      })
  void showsNoJavaProperty(String jinja) {
    assertThat(parse(jinja).render(HELLO, false)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.getClass() }}",
        "{{ messages.getClass().forName('java.lang.Runtime') }}",
        "{{ messages[0].put('a', 1) }}",
        "{{ messages.class.classLoader }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ ''.repeat(1000000) }}",
        "{% include 'META-INF/MANIFEST.MF' %}",
        "{% import 'pom.xml' as x %}",
        "{% extends '/etc/passwd' %}",
        "{% from 'x' import y %}",
        "{{ '{{ 1 }}'|render }}",
        "{{ 'a'|center(1000000000) }}",
        "{{ today() }}",
        "{{ messages[0].content.unknown() }}",
        "{{ unknown(1) }}",
        "{{ 'a'|unknown }}",
        "{{ messages|map('unknown')|list }}",
        "{{ 'a' is unknown }}",
        "{% unknown %}",
        "{{ 1 + }}",
        "{{ 1",
        "{# open",
        "{% if messages %}",
        "{% for %}{% endfor %}"
      })
  void refusesWhatATemplateMustNotDo(String jinja) {
    assertThatThrownBy(() -> parse(jinja).render(HELLO, false))
        .isInstanceOf(ForegateException.class)
        .hasMessageStartingWith(
            "the model's chat template (tokenizer.chat_template) cannot be rendered: ")
        .hasMessageNotContaining("\n");
  }

  @Test
  void namesTheLineOfAMistake() {
    String jinja =
        "{%- if true -%}\n\n  {#- two\nlines -#}\n{% for m in messages %}\n"
            + "  {{- m.content.nothing() }}\n{% endfor %}{% endif %}";

    assertThatThrownBy(() -> parse(jinja).render(HELLO, false))
        .hasMessageEndingWith(
            "cannot be rendered: line 6: 'str object' has no attribute 'nothing'");
    assertThatThrownBy(() -> parse("a\n{{ 'b }}"))
        .hasMessageEndingWith("cannot be rendered: line 2: unexpected char \"'\" at 5");
  }

  @Test
  void tellsTheTemplatesOwnRefusal() {
    var template = parse("{{ raise_exception('Speak up!') }}");

    assertThatThrownBy(() -> template.render(HELLO, false))
        .isInstanceOf(ForegateException.class)
        .hasMessage("the model's chat template refuses the conversation: Speak up!");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}",
        "{% for a in range(90000) %}{% for b in range(90000) %}{{ messages }}{% endfor %}{% endfor"
            + " %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set ns = namespace(x='ab') %}{% for a in range(90000) %}{% set ns.x = ns.x + ns.x %}"
            + "{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x='ab') %}{% for a in range(20) %}{% set ns.x = ns.x + ns.x %}"
            + "{% endfor %}{{ ns.x|replace('a', ns.x)|length }}",
        "{{ range(2000000000) }}"
      })
  void endsWhatDoesNotEnd(String jinja) {
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(30),
        () -> {
          try {
            assertThat(parse(jinja).render(HELLO, false)).hasSizeLessThan(20_000_000);
          } catch (ForegateException refused) {
            assertThat(refused).hasMessageStartingWith("the model's chat template");
          }
        });
  }

  @Test
  void endsADeepExpression() {
    String jinja = "{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}";

    assertThatThrownBy(() -> parse(jinja).render(HELLO, false))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("nests too deeply");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{{ 1 + 1 }}{% raw %}", "'quoted'", "\"a\\n\"", "\\", "{", " a\n\n"})
  void neverReadsAMessageAsATemplate(String message) {
    var template = parse("{{ messages[0].content }}");

    assertThat(template.render(List.of(ChatMessage.user(message)), false)).isEqualTo(message);
  }

  @Test
  void printsValuesAsPythonDoes() {
    String jinja =
        "{{ true }} {{ 1 == 2 }} {{ ['it\\'s', none, 1.5] }} {{ messages }} {{ nothing }}";

    assertThat(parse(jinja).render(HELLO, false))
        .isEqualTo("True False [\"it's\", None, 1.5] [{'role': 'user', 'content': 'Hello'}] ");
  }

  @Test
  void readsCodesOfCharactersInQuotes() {
    String jinja = "{{ '\\u00e9\\x41\\u0027\\\\u00e9' }}";

    assertThat(parse(jinja).render(HELLO, false)).isEqualTo("éA'\\u00e9");
  }

  @Test
  void filtersAsJinja2Does() {
    String jinja =
        "{{ true|string }} {{ 'abc'|first }}{{ 'abc'|last }} {{ messages|last|items|first|join }}"
            + " {{ messages[0]|first }} {{ ([]|first) is none }}"
            + " {{ 'aaa'|replace('a', 'b', 2) }}{{ 'a$a'|replace('$', '\\\\') }}"
            + "{{ 'ab'.replace('', '-') }}{{ ['a', true]|join('x') }}";

    assertThat(parse(jinja).render(HELLO, false))
        .isEqualTo("True ac roleuser role False bbaa\\a-a-b-axTrue");
  }

  @Test
  void takesTemplateAndTokensFromTheFile() {
    TinyFile file =
        TinyFile.sentencePiece()
            .token("<unk>", 0, TokenType.UNKNOWN)
            .token("<bos>", 0, TokenType.CONTROL)
            .token("<end>", 0, TokenType.CONTROL);
    String jinja = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}";

    assertThat(ChatTemplateSet.of(file.metadata(), file.tokenizer())).isEmpty();
    file.with("tokenizer.chat_template", jinja);
    assertThat(
            ChatTemplateSet.of(file.metadata(), file.tokenizer())
                .orElseThrow()
                .pick(false)
                .render(HELLO, true))
        .isEqualTo("<bos>Hello<end>");
  }

  @Test
  void takesTheTemplateForToolsOnlyWhereThereAreSome() {
    TinyFile file =
        TinyFile.sentencePiece()
            .token("<unk>", 0, TokenType.UNKNOWN)
            .token("<pad>", 0, TokenType.CONTROL)
            .with("tokenizer.chat_template.tool_use", "{{ tools[0].name }}{{ pad_token }}")
            .with("tokenizer.ggml.padding_token_id", 1);
    Map<String, Object> tool = Map.of("name", "f");

    ChatTemplateSet only = ChatTemplateSet.of(file.metadata(), file.tokenizer()).orElseThrow();
    assertThat(only.pick(false)).isSameAs(only.pick(true));
    assertThat(only.pick(true).render(HELLO, List.of(tool), false)).isEqualTo("f<pad>");

    file.with(
        "tokenizer.chat_template", "{{ tools is none }}{{ documents is none }}{{ sep_token }}");
    ChatTemplateSet both = ChatTemplateSet.of(file.metadata(), file.tokenizer()).orElseThrow();
    assertThat(both.pick(false).render(HELLO, false)).isEqualTo("TrueTrue");
    assertThat(both.pick(true).render(HELLO, List.of(tool), false)).isEqualTo("f<pad>");
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in =
        ChatTemplateTest.class.getResourceAsStream("/tokenizer/templates/" + name)) {
      return in.readAllBytes();
    }
  }
}
