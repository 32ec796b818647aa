package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.cli.ScriptedGguf;
import io.foregate.options.GenerateOptions;
import io.foregate.options.ModelOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Conversations with models that think aloud, each in its own way of marking it. */
class ReasoningChatTest {
  private static final GenerateOptions GREEDY =
      GenerateOptions.defaults().withTemperature(0).withMaxTokens(50);

  /** Refuses, as gpt-oss's does, what has channels' marks where a text is expected. */
  private static final String CHANNELS =
      """
      {%- for m in messages %}
      {%- if m.role == 'assistant' %}
      {%- for text in [m.content, m.thinking or ''] %}
      {%- if '<|channel|>' in text %}{{ raise_exception('No channel tags!') }}{% endif %}
      {%- endfor %}
      {{- '<|start|>assistant<|channel|>final<|message|>' ~ m.content ~ '<|end|>' }}
      {%- else %}{{- '<|start|>' ~ m.role ~ '<|message|>' ~ m.content ~ '<|end|>' }}
      {%- endif %}
      {%- endfor %}
      {%- if add_generation_prompt %}{{- '<|start|>assistant' }}{% endif %}""";

  private static final String FIELD =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}{% if m.reasoning_content %}"
          + "(<think>{{ m.reasoning_content }}){% endif %};{% endfor %}a:";

  @TempDir private Path folder;

  private record Turn(String answer, String reasoning) {}

  /** Two turns, and how the first one's answer went back into the prompt of the second. */
  private List<Turn> turns(ScriptedGguf scripted, Path session) {
    Path file = scripted.write(folder.resolve("scripted.gguf"));
    try (Model model = Model.open(file, ModelOptions.defaults().withThreads(1))) {
      Turn first;
      try (Chat chat = model.chat(GREEDY, session)) {
        first = turn(chat);
        chat.save(session);
      }
      try (Chat chat = model.chat(GREEDY, session)) {
        Turn second = turn(chat);
        chat.save(session);
        return List.of(first, second);
      }
    }
  }

  private static Turn turn(Chat chat) {
    var text = new StringBuilder();
    var thought = new StringBuilder();
    Generation answer = chat.send("hi", text::append, thought::append);
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(text).hasToString(answer.text());
    assertThat(thought.toString().strip()).isEqualTo(answer.reasoning());
    return new Turn(answer.text(), answer.reasoning());
  }

  /** The session's file, in which the messages are JSON within JSON. */
  private static String saved(Path session) throws IOException {
    String all = Files.readString(session, StandardCharsets.ISO_8859_1);
    return all.replace("\\\"", "\"");
  }

  @Test
  void onlyTheFinalChannelGoesBackAndTheSecondTurnIsNotRefused() throws IOException {
    Path session = folder.resolve("s");
    List<Turn> turns =
        turns(
            ScriptedGguf.of(
                CHANNELS,
                "<|channel|>analysis<|mess",
                "age|>I wonder.<|en",
                "d|><|start|>assistant<|chan",
                "nel|>final<|message|>The ",
                "answer."),
            session);

    assertThat(turns).containsOnly(new Turn("The answer.", "I wonder."));
    assertThat(saved(session))
        .contains("\"content\":\"The answer.\"", "\"thinking\":\"I wonder.\"");
  }

  @Test
  void thoughtsGoBackInAFieldWhereTheTemplateHasOne() throws IOException {
    Path session = folder.resolve("s");
    List<Turn> turns =
        turns(ScriptedGguf.of(FIELD, "<thi", "nk>\nWell", ".\n</th", "ink>\n\n", "Yes."), session);

    assertThat(turns).containsOnly(new Turn("Yes.", "Well."));
    assertThat(saved(session)).contains("\"content\":\"Yes.\"", "\"reasoning_content\":\"Well.\"");
  }

  @Test
  void theRawTextGoesBackWhereTheTemplateLooksForMarksItself() throws IOException {
    Path session = folder.resolve("s");
    String template =
        "{% for m in messages %}{{ m.content.split('</think>')[-1] }};{% endfor %}<think>\n";
    List<Turn> turns = turns(ScriptedGguf.of(template, "Well.", "</think>", "Yes."), session);

    assertThat(turns).containsOnly(new Turn("Yes.", "Well."));
    assertThat(saved(session)).contains("\"content\":\"Well.</think>Yes.\"");
  }

  @Test
  void marksAreSeenThoughTheyAreControlTokens() {
    var scripted =
        new ScriptedGguf(
            "{{ messages[0].reasoning_content }}<|START_THINKING|>",
            true,
            List.of("<|END_THINKING|>", "not shown"));
    List<Turn> turns = turns(scripted, folder.resolve("s"));

    assertThat(turns).containsOnly(new Turn("", ""));
  }

  @Test
  void aTemplateThatKnowsNoMarksGetsTheTextAsItIs() {
    List<Turn> turns =
        turns(
            ScriptedGguf.of("{{ messages[-1].content }}", "<think>", "a", "</think>", "b"),
            folder.resolve("s"));

    assertThat(turns.getFirst().answer()).isEqualTo("<think>a</think>b");
  }

  private static Stream<Arguments> realModels() {
    return Stream.of(
        Arguments.of(
            "openai-gpt-oss-120b",
            List.of(
                "<|channel|>analysis<|message|>Hm.<|en",
                "d|><|start|>assistant<|channel|>final<|message|>Yes.")),
        Arguments.of("Qwen-Qwen3-0.6B", List.of("<think>\nHm.", "\n</think>\n\nYes.")),
        Arguments.of("Qwen3.5-4B", List.of("Hm.", "\n</think>\n\nYes.")),
        Arguments.of(
            "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",
            List.of("<think>\nHm.", "\n</think>\n\nYes.")),
        Arguments.of("ByteDance-Seed-OSS", List.of("<seed:think>Hm.", "</seed:think>Yes.")),
        Arguments.of("google-gemma-4-31B-it", List.of("<|channel>thought\nHm.", "<channel|>Yes.")),
        Arguments.of(
            "upstage-Solar-Open-100B",
            List.of("<|think|>Hm.<|en", "d|><|begin|>assistant<|content|>Yes.")));
  }

  /** The templates themselves, where scripts/oracle/install has put them. */
  @ParameterizedTest
  @MethodSource("realModels")
  void templatesOfRealModelsSurviveASecondTurn(String name, List<String> script)
      throws IOException {
    Path jinja = Path.of("../scripts/oracle/node_modules/.templates", name + ".jinja");
    assumeTrue(Files.exists(jinja), "left out: scripts/oracle/install has not fetched templates");
    var scripted = new ScriptedGguf(Files.readString(jinja), false, script);

    assertThat(turns(scripted, folder.resolve("s"))).containsOnly(new Turn("Yes.", "Hm."));
  }
}
