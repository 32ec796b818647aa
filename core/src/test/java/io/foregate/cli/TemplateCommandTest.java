package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TemplateCommandTest {
  private static final String TEMPLATE =
      "{{ bos_token }}{% for m in messages %}{{ m.role }}={{ m.content }};{% endfor %}{{ '\n' }}"
          + "{% if add_generation_prompt %}a={% endif %}";
  private static final String HELLO = "[{\"role\":\"user\",\"content\":\"h\u00e9 \"}]";

  @TempDir private Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Path model(String template) {
    return TinyGguf.mixture().withChatTemplate(template).write(folder.resolve("tiny.gguf"));
  }

  @Test
  void printsExactlyWhatTheModelWouldSee() throws IOException {
    Path model = model(TEMPLATE);
    Path messages = file("m.json", HELLO);

    assertThat(Invocation.of("template", model, "--messages", messages).succeeds().out())
        .isEqualTo("<s>user=h\u00e9 ;\na=");
    assertThat(
            Invocation.withInput(
                    HELLO, "template", model, "--messages", "-", "--no-generation-prompt")
                .succeeds()
                .out())
        .isEqualTo("<s>user=h\u00e9 ;\n");
  }

  @Test
  void tellsTheTokens() throws IOException {
    Path model = model("{{ bos_token }}{{ messages[0].content }}");
    Path messages = file("m.json", "[{\"role\":\"user\",\"content\":\"the\\n\"}]");

    assertThat(Invocation.of("template", model, "--messages", messages, "--json").succeeds().out())
        .isEqualTo("{\"text\":\"<s>the\\n\",\"tokens\":[1,267,13]}\n");
    assertThat(
            Invocation.of("template", model, "--messages", messages, "--tokens").succeeds().out())
        .isEqualTo("1\t\"<s>\"\n267\t\"\u2581the\"\n13\t\"<0x0A>\"\n");
  }

  @Test
  void aTemplateAloneTakesTheTokensThatItIsGiven() throws IOException {
    Path template = file("t.jinja", "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}\n\n");
    Path messages = file("m.json", HELLO);
    Object[] args = {"template", template, "--messages", messages, "--bos", "<b>", "--eos", "<e>"};

    assertThat(Invocation.of(args).succeeds().out()).isEqualTo("<b>h\u00e9 <e>\n");
    assertThat(Invocation.of("template", template, "--messages", messages, "--json").out())
        .isEqualTo("{\"text\":\"h\u00e9 \\n\"}\n");
  }

  @Test
  void readsTemplatesAndTokensOfHuggingFacesFiles() throws IOException {
    Path config =
        file(
            "tokenizer_config.json",
            """
            {"bos_token": {"content": "<b>"}, "pad_token": "<p>", "eos_token": null,
             "chat_template": [{"name": "default", "template": "{{ bos_token }}{{ pad_token }}"},
                               {"name": "tool_use", "template": "{{ tools | length }}"}]}""");
    Path messages = file("m.json", HELLO);
    Path tools = file("tools.json", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]");

    assertThat(Invocation.of("template", config, "--messages", messages).succeeds().out())
        .isEqualTo("<b><p>");
    assertThat(
            Invocation.of("template", config, "--messages", messages, "--tools", tools)
                .succeeds()
                .out())
        .isEqualTo("1");
  }

  /** As chat APIs have them: unknown keys, null contents, lists of parts, arguments as texts. */
  @Test
  void messagesReachTheTemplateAsTheyAre() throws IOException {
    Path template =
        file(
            "t.txt",
            "{% for m in messages %}{{ m }}\n{% endfor %}{{ tools[0] | tojson }}{{ documents is none }}");
    Path request =
        file(
            "request.json",
            """
            {"model": "x", "messages": [
              {"role": "developer", "content": [{"type": "text", "text": "Hi"}], "extra": 1.5},
              {"role": "assistant", "content": null, "reasoning_content": "hm", "tool_calls": [
                {"id": "c1", "type": "function",
                 "function": {"name": "f", "arguments": "{\\"b\\": [1, null], \\"a\\": true}"}}]},
              {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "3"}],
             "tools": [{"type": "function", "function": {"name": "f"}}]}""");

    assertThat(Invocation.of("template", template, "--messages", request).succeeds().out())
        .isEqualTo(
            """
            {'role': 'developer', 'content': [{'type': 'text', 'text': 'Hi'}], 'extra': 1.5}
            {'role': 'assistant', 'content': None, 'reasoning_content': 'hm', 'tool_calls': \
            [{'id': 'c1', 'type': 'function', 'function': {'name': 'f', 'arguments': \
            {'b': [1, None], 'a': True}}}]}
            {'role': 'tool', 'tool_call_id': 'c1', 'name': 'f', 'content': '3'}
            {"type": "function", "function": {"name": "f"}}True""");
  }

  @Test
  void argumentsStayTextsWhereTheTemplateFailsOnObjects() throws IOException {
    Path template =
        file(
            "t.jinja",
            "{% set a = messages[0].tool_calls[0].function.arguments %}"
                + "{% if a is not string %}{{ raise_exception('A text!') }}{% endif %}{{ a }}");
    Path messages =
        file(
            "m.json",
            "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":"
                + "{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]}]");

    assertThat(Invocation.of("template", template, "--messages", messages).succeeds().out())
        .isEqualTo("{\"a\":1}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{\"role\":                          | is not JSON",
        "[{\"role\": \"user\"                  | expected close marker for Object (line 1,",
        "[] []                                | something follows its end (line 1,",
        "``                                   | found nothing",
        "[] x                                 | is not JSON",
        "3                                    | found a number, expected a list of messages",
        "[]                                   | messages is an empty list, expected at least one",
        "{\"message\": []}                    | without 'messages'",
        "{\"messages\": {}}                   | messages is an object, expected a list",
        "[\"hello\"]                          | m.json: messages[0] is a text, expected an object",
        "[{\"content\": \"a\"}]               | [0].role is nothing, expected a text",
        "[{\"role\": 3, \"content\": \"a\"}]  | [0].role is a number, expected a text",
        "{\"messages\": [{\"role\": \"user\", \"content\": 1}]} | messages[0].content is a number",
        "[{\"role\": \"user\", \"content\": [1]}] | [0].content[0] is a number",
        "[{\"role\": \"user\", \"tool_calls\": {}}] | [0].tool_calls is an object",
        "{\"messages\": [{\"role\": \"user\"}], \"tools\": {}} | tools is an object, expected a list",
        "{\"messages\": [{\"role\": \"user\"}], \"tools\": [1]} | tools[0] is a number",
      })
  void saysWhatIsWrongWithMessages(String json, String complaint) throws IOException {
    Path template = file("t.jinja", "x");
    Path messages = file("m.json", json);
    Invocation.of("template", template, "--messages", messages)
        .fails(ExitCode.FAILURE, messages + ": ", complaint, "hint: ");
  }

  @Test
  void saysThatJsonNestsTooDeeply() throws IOException {
    Path template = file("t.jinja", "x");
    for (int depth : new int[] {500, 5000}) {
      String value = "[".repeat(depth) + "]".repeat(depth);
      Path messages = file("m.json", "[{\"role\":\"user\",\"content\":\"a\",\"x\":" + value + "}]");
      Invocation.of("template", template, "--messages", messages).fails(ExitCode.FAILURE, "hint: ");
    }
  }

  @Test
  void saysWhatIsMissing() throws IOException {
    Path template = file("t.jinja", "{{ raise_exception('No!') }}");
    Path messages = file("m.json", HELLO);
    Path none = folder.resolve("none");

    Invocation.of("template", template, "--messages", none)
        .fails(ExitCode.FAILURE, none + ": no such file");
    Invocation.of("template", none, "--messages", messages)
        .fails(ExitCode.FAILURE, none + ": no such file");
    Invocation.of("template", folder.resolve("none.gguf"), "--messages", messages)
        .fails(ExitCode.FAILURE, "none.gguf");
    Invocation.of("template", template, "--messages", messages)
        .fails(ExitCode.FAILURE, "t.jinja", "refuses the conversation: No!");
    Invocation.of("template", file("t.json", "{}"), "--messages", messages)
        .fails(ExitCode.FAILURE, "t.json: has no chat_template");
    Invocation.of("template", model(""), "--messages", messages)
        .fails(ExitCode.FAILURE, "no chat template", "base model");
  }

  @Test
  void whatHasNoEffectIsUsage() throws IOException {
    Path template = file("t.jinja", "x");
    Path messages = file("m.json", HELLO);
    Path model = model("x");

    Invocation.of("template", template).fails(ExitCode.USAGE, "--messages");
    Invocation.of("template", "--messages", messages).fails(ExitCode.USAGE, "MODEL-OR-FILE");
    Invocation.of("template", model, "--messages", messages, "--bos", "x")
        .fails(ExitCode.USAGE, "--bos", "model");
    Invocation.of("template", template, "--messages", messages, "--tokens")
        .fails(ExitCode.USAGE, "--tokens", "model");
    Invocation.of("template", model, "--messages", messages, "--tokens", "--json")
        .fails(ExitCode.USAGE, "--json");
    Invocation.of("template", template, "--messages", "-", "--tools", "-")
        .fails(ExitCode.USAGE, "standard input");
  }

  @Test
  void jsonIsOneObject() throws IOException {
    Path model = model(TEMPLATE);
    String out = Invocation.withInput(HELLO, "template", model, "--messages", "-", "--json").out();
    JsonNode report = new JsonMapper().readTree(out);

    assertThat(report.get("text").asText()).isEqualTo("<s>user=h\u00e9 ;\na=");
    assertThat(report.get("tokens").get(0).asInt()).isEqualTo(1);
    assertThat(report.size()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "3        | found a number, expected a list of tools",
        "[1]      | tools[0] is a number, expected an object",
        "[{       | is not JSON"
      })
  void saysWhatToolsLookLike(String json, String complaint) throws IOException {
    Path template = file("t.jinja", "x");
    Path messages = file("m.json", HELLO);
    Path tools = file("tools.json", json);
    Invocation.of("template", template, "--messages", messages, "--tools", tools)
        .fails(ExitCode.FAILURE, tools + ": ", complaint, "hint: Tools look as", "\"function\"");
  }

  @Test
  void ofABaseModelItSaysWhatChatWrites() throws IOException {
    Path base = TinyGguf.mixture().write(folder.resolve("base.gguf"));
    Invocation.of("template", base, "--messages", file("m.json", HELLO))
        .fails(ExitCode.FAILURE, "no chat template", "plain User: and Assistant: lines");
  }

  @Test
  void aTemplatesBrokenJsonIsToldWithoutItsReader() throws IOException {
    Path template = file("tokenizer_config.json", "{\"chat_template\": [");
    Invocation told =
        Invocation.of("template", template, "--messages", file("m.json", HELLO))
            .fails(ExitCode.FAILURE, "is not JSON", "expected close marker for Array");
    assertThat(told.err()).doesNotContain("Source", "`");
  }
}
