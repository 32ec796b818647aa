package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  @Test
  void printsThePromptAndWhatFollows() {
    String text = Invocation.of("run", "-m", model, "-p", "the", "-n", 8).succeeds().out();
    String rest =
        Invocation.of("run", "-m", model, "-p", "the", "-n", 8, "--no-echo").succeeds().out();
    assertThat(text).isEqualTo("the" + rest).endsWith("\n");
    assertThat(rest.strip()).isNotEmpty();
  }

  @Test
  void seedDecidesTheText() {
    String one = Invocation.of("run", "-m", model, "-p", "the", "-n", 16, "--seed", 1).out();
    String again = Invocation.of("run", "-m", model, "-p", "the", "-n", 16, "--seed", 1).out();
    String two = Invocation.of("run", "-m", model, "-p", "the", "-n", 16, "--seed", 2).out();
    assertThat(one).isEqualTo(again).isNotEqualTo(two);
  }

  @Test
  void jsonHoldsTextAndFigures() throws IOException {
    Path prompt = Files.writeString(folder.resolve("prompt.txt"), "the");
    String out =
        Invocation.of("run", "-m", model, "-f", prompt, "-n", 5, "--temp", 0, "--json")
            .succeeds()
            .out();
    JsonNode json = new JsonMapper().readTree(out);
    assertThat(json.get("prompt").asText()).isEqualTo("the");
    assertThat(json.get("tokens").asInt()).isEqualTo(5);
    assertThat(json.get("finish_reason").asText()).isEqualTo("length");
    assertThat(json.at("/stats/decoded_tokens").asInt()).isEqualTo(4);
    assertThat(json.at("/stats/decode_tokens_per_second").asDouble()).isPositive();
    assertThat(json.at("/stats/kv_cache_bytes").asLong()).isPositive();
    assertThat(json.at("/stats/weights_bytes").asLong()).isEqualTo(Files.size(model));
  }

  @Test
  void aSessionFeedsOnlyTheRestOfThePrompt() throws IOException {
    Path file = folder.resolve("text.session");
    Object[] args = {
      "run", "-m", model, "-p", "the hat", "-n", 5, "--temp", 0, "--json", "--session", file
    };
    var json = new JsonMapper();
    JsonNode first = json.readTree(Invocation.of(args).succeeds().out());
    JsonNode second = json.readTree(Invocation.of(args).succeeds().out());
    assertThat(second.get("text")).isEqualTo(first.get("text"));
    assertThat(first.at("/stats/prompt_tokens").asInt()).isGreaterThan(3);
    assertThat(second.at("/stats/prompt_tokens").asInt()).isEqualTo(1);

    Files.write(file, new byte[100]);
    Invocation.of(args).fails(ExitCode.FAILURE, "text.session", "not a session");
    assertThat(file).hasBinaryContent(new byte[100]);
  }

  @Test
  void statsGoToStandardError() {
    Invocation run = Invocation.of("run", "-m", model, "-p", "the", "-n", 4, "--stats");
    assertThat(run.code()).isEqualTo(ExitCode.OK);
    assertThat(run.err()).contains("prompt", "decode", "tok/s", "first token", "KV cache");
    assertThat(run.out()).doesNotContain("tok/s");
  }

  @Test
  void promptLongerThanTheContext() {
    Invocation run = Invocation.of("run", "-m", model, "-p", "ab ".repeat(TinyGguf.CONTEXT));
    run.fails(ExitCode.FAILURE, "prompt", "context of " + TinyGguf.CONTEXT, "--ctx");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void unknownTokenStandsForWhatAVocabularyWithoutBytesLacks() {
    Path bare = TinyGguf.mixture().withoutBytes().write(folder.resolve("bare.gguf"));
    assertThat(Invocation.of("run", "-m", bare, "-p", "日本", "-n", 2).succeeds().out())
        .startsWith("日本");
  }

  @Test
  void badOptionsAreUsage() {
    Invocation.of("run", "-m", model).fails(ExitCode.USAGE, "one prompt", "--prompt");
    Invocation.of("run", "-m", model, "-p", "a", "--temp=-1")
        .fails(ExitCode.USAGE, "temperature", "-1");
    Invocation.of("run", "-m", model, "-p", "a", "--ctx=-5").fails(ExitCode.USAGE, "--ctx", "-5");
    Invocation.of("run", "-m", model, "-p", "a", "--backend", "tornado")
        .fails(ExitCode.FAILURE, "tornado", "cpu");
    Invocation.of("run", "-m", model, "-p", "a", "--policy", "magic")
        .fails(ExitCode.USAGE, "magic", "resident");
    Invocation.of("run", "-m", model, "-p", "a", "-n", "-7")
        .fails(ExitCode.USAGE, "--max-tokens is -7", "-1");
    Invocation.of("run", "-m", model, "-f", folder.resolve("none.txt"))
        .fails(ExitCode.FAILURE, "none.txt", "no such file");
  }

  @Test
  void aContextLongerThanTheModelsIsToldInASentence() {
    int longer = TinyGguf.CONTEXT + 1;
    Invocation run = Invocation.of("run", "-m", model, "-p", "a", "-n", 1, "--ctx", longer);
    assertThat(run.code()).isEqualTo(ExitCode.OK);
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err())
        .startsWith("foregate: ")
        .contains("context of " + longer, "the " + TinyGguf.CONTEXT + " that");
    Invocation.of("run", "-m", model, "-p", "a", "-n", 1, "--ctx", TinyGguf.CONTEXT).succeeds();
  }

  @Test
  void optionsWithoutMeasureCostNothing() {
    Invocation.of("run", "-m", model, "-p", "a", "--threads", 100_000)
        .fails(ExitCode.FAILURE, "threads is 100000", "cores");
    Invocation.of("run", "-m", model, "-p", "a", "-n", 1, "--repeat-last-n", Integer.MAX_VALUE)
        .succeeds();
  }

  @Test
  void anInterruptDuringALongPromptLeavesNoText() {
    var cancellation = new Cancellation();
    Thread command = Thread.currentThread();
    Thread.ofPlatform().daemon().start(() -> interruptPrompt(command, cancellation));
    var out = new ByteArrayOutputStream();
    String prompt = "a ".repeat(4_000);
    Invocation run =
        Invocation.into(out, cancellation, "run", "-m", model, "-p", prompt, "-c", 10_000, "-n", 1);
    assertThat(run.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(out.size()).isZero();
  }

  /** Does what Ctrl-C does, once the command feeds its prompt. */
  private static void interruptPrompt(Thread command, Cancellation cancellation) {
    while (Arrays.stream(command.getStackTrace())
        .noneMatch(frame -> frame.getMethodName().equals("forward"))) {
      Thread.onSpinWait();
    }
    cancellation.request();
    command.interrupt();
  }

  @Test
  void interruptEndsTheLine() {
    var cancellation = new Cancellation();
    var captured = new ByteArrayOutputStream();
    OutputStream out =
        new OutputStream() {
          @Override
          public void write(int b) {
            captured.write(b);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) {
            captured.write(bytes, offset, length);
            cancellation.request();
          }
        };
    Invocation run = Invocation.into(out, cancellation, "run", "-m", model, "-p", "the", "-n", 50);
    assertThat(run.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(run.err()).isEmpty();
    assertThat(captured.toString(StandardCharsets.UTF_8)).startsWith("the").endsWith("\n");
  }

  @Test
  void damagedWeightsGiveASentence() {
    Path poisoned = TinyGguf.mixture().withNaN().write(folder.resolve("nan.gguf"));
    Invocation.of("run", "-m", poisoned, "-p", "the heat at tea")
        .fails(ExitCode.FAILURE, "nan.gguf", "not numbers", "damaged");
  }

  @Test
  void closedOutputEndsQuietly() {
    Invocation run = runInto("Broken pipe");
    assertThat(run.code()).isEqualTo(ExitCode.OK);
    assertThat(run.err()).isEmpty();
  }

  @Test
  void outputThatCannotBeWrittenIsAFailure() {
    runInto("No space left on device")
        .fails(ExitCode.FAILURE, "cannot write to standard output: No space left on device");
  }

  /** Runs with a standard output whose every write fails. */
  private Invocation runInto(String complaint) {
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException(complaint);
          }
        };
    return Invocation.into(broken, new Cancellation(), "run", "-m", model, "-p", "a", "-n", 5);
  }
}
