package io.foregate.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where prompts come from, and what of a file is one. */
class PromptTest {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  private static String prompt(Invocation run) throws IOException {
    return new JsonMapper().readTree(run.out()).get("prompt").asText();
  }

  @ParameterizedTest
  @CsvSource({"'the\n', the", "'the\n\n', 'the\n'", "the, the", "'the ', 'the '"})
  void oneLineBreakAtTheEndOfAFileGoes(String content, String expected) throws IOException {
    Path file = Files.writeString(folder.resolve("p.txt"), content);
    Object[] fromFile = {"run", "-m", model, "-n", 0, "--json", "-f", file};
    assertThat(prompt(Invocation.of(fromFile).succeeds())).isEqualTo(expected);
    for (Object[] piped :
        new Object[][] {
          {"run", "-m", model, "-n", 0, "--json", "-f", "-"},
          {"run", "-m", model, "-n", 0, "--json"}
        }) {
      assertThat(prompt(Invocation.withInput(content, piped).succeeds())).isEqualTo(expected);
    }
  }

  @Test
  void aByteOrderMarkGoesAndIsTold() throws IOException {
    Path file = Files.writeString(folder.resolve("p.txt"), "\uFEFFthe hat\n");
    Invocation run = Invocation.of("run", "-m", model, "-n", 0, "--json", "-f", file);
    assertThat(prompt(run)).isEqualTo("the hat");
    assertThat(run.code()).isZero();
    assertThat(run.err().lines()).singleElement().asString().contains("p.txt", "byte-order mark");
    Path trace = folder.resolve("t.trace");
    assertThat(Invocation.of("trace", "-m", model, "--text", file, "-o", trace).err())
        .contains("byte-order mark");
    assertThat(Invocation.of("align", "-m", model, "--text", file, "-o", "none").err())
        .contains("byte-order mark");
  }

  @Test
  void textInAnotherCharsetIsRefused() throws IOException {
    Path file = folder.resolve("p.txt");
    Files.write(file, "Größe".getBytes(StandardCharsets.ISO_8859_1));
    Invocation.of("run", "-m", model, "-f", file)
        .fails(ExitCode.FAILURE, "p.txt", "not UTF-8 text", "iconv");
    Files.write(file, "the".getBytes(Charset.forName("UTF-16")));
    Invocation.of("run", "-m", model, "-f", file).fails(ExitCode.FAILURE, "UTF-16");
  }

  @Test
  void aPromptIsAnArgument() throws IOException {
    assertThat(prompt(Invocation.of("run", "-m", model, "-n", 0, "--json", "the hat").succeeds()))
        .isEqualTo("the hat");
    assertThat(prompt(Invocation.of("run", "the", "-m", model, "-n", 0, "--json").succeeds()))
        .isEqualTo("the");
    Invocation.of("run", "-m", model, "-n", 0, "the", "hat")
        .fails(ExitCode.USAGE, "one argument, found 2: 'the', 'hat'", "Quote it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"- a", "--seed", "-n is a", "@the", "a,b", "\"the\"", "${user.name}"})
  void aPromptIsTakenAsItIs(String text) throws IOException {
    String joined = "--prompt=" + text;
    assertThat(prompt(Invocation.of("run", "-m", model, "-n", 0, "--json", joined).succeeds()))
        .isEqualTo(text);
    assertThat(prompt(Invocation.of("run", "-m", model, "-n", 0, "--json", "-p", text).succeeds()))
        .isEqualTo(text);
    assertThat(prompt(Invocation.of("run", "-m", model, "-n", 0, "--json", "--", text).succeeds()))
        .isEqualTo(text);
  }

  @Test
  void twoPromptsAreRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("p.txt"), "a");
    Invocation.of("run", "-m", model, "-p", "a", "-f", file)
        .fails(ExitCode.USAGE, "one prompt, found 2: --prompt, --file");
    Invocation.of("run", "-m", model, "-p", "a", "hat")
        .fails(ExitCode.USAGE, "one prompt, found 2: --prompt, the argument 'hat'");
    Invocation.of("run", "-m", model).fails(ExitCode.USAGE, "one prompt", "there is none");
    Invocation.typing("", "run", "-m", model).fails(ExitCode.USAGE, "there is none");
  }

  @Test
  void specialTokensAreReadIfAsked() throws IOException {
    int spelled = promptTokens("-p", "<s>the");
    assertThat(promptTokens("--parse-special", "-p", "<s>the")).isLessThan(spelled);
    assertThat(promptTokens("--parse-special", "-p", "the")).isEqualTo(promptTokens("-p", "the"));
  }

  private int promptTokens(String... prompt) throws IOException {
    Object[] common = {"run", "-m", model, "-n", 1, "--json"};
    Object[] all = Arrays.copyOf(common, common.length + prompt.length);
    System.arraycopy(prompt, 0, all, common.length, prompt.length);
    JsonNode json = new JsonMapper().readTree(Invocation.of(all).succeeds().out());
    return json.at("/stats/prompt_tokens").asInt();
  }

  @Test
  void aFullContextIsTold() throws IOException {
    Invocation run = Invocation.of("run", "-m", model, "-p", "the", "-n", -1, "-c", 16, "--json");
    assertThat(run.code()).isZero();
    assertThat(run.err()).contains("context of 16 tokens is full", "--ctx");
    assertThat(new JsonMapper().readTree(run.out()).get("finish_reason").asText())
        .isEqualTo("context");
  }

  @Test
  void pipedTextIsForFilesOfOtherCommands() {
    String text = "the hat ate the tea at ".repeat(20);
    assertThat(
            Invocation.withInput(text, "perplexity", "-m", model, "-f", "-", "-c", 16, "--json")
                .succeeds()
                .out())
        .contains("\"perplexity\"");
    Path trace = folder.resolve("t.trace");
    assertThat(Invocation.withInput(text, "trace", "-m", model, "--text", "-", "-o", trace).code())
        .isZero();
  }

  @Test
  void whatIsPipedBesideAPromptIsNotRead() {
    Object[] argument = {"run", "-m", model, "-n", 0, "the"};
    assertThat(Invocation.withInput("hat", argument).err())
        .isEqualTo("foregate: standard input is not read: the prompt is the argument.\n");
    assertThat(Invocation.withInput("hat", "run", "-m", model, "-n", 0, "-p", "the").err())
        .isEqualTo("foregate: standard input is not read: the prompt is that of --prompt.\n");
    Invocation.typing("hat", argument).succeeds();
  }
}
