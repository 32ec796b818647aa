package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.files.FileKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
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
    assertThat(json.at("/stats/decode_major_faults").isIntegralNumber()).isTrue();
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
  void statisticsNameBackendAndDevice() throws IOException {
    Object[] run = {"run", "-m", model, "-p", "a", "-n", 1, "--threads", 2, "--stats", "--json"};
    String device = new CpuBackend().description();
    assertThat(Invocation.of(run).err()).contains("backend", "cpu, 2 threads: " + device);
    JsonNode stats = new JsonMapper().readTree(Invocation.of(run).out()).get("stats");
    assertThat(stats.get("backend").asText()).isEqualTo("cpu, 2 threads");
    assertThat(stats.get("device").asText()).isEqualTo(device);
  }

  @Test
  void aBackendThatIsNotThereIsExplained() {
    Invocation.of("run", "-m", model, "-p", "a", "--backend", "Tornado")
        .fails(
            ExitCode.FAILURE,
            "the TornadoVM module is not on the class path",
            "setup-tornado.sh",
            "Available: auto, cpu");
    Invocation.of("bench", "-m", model, "--backend", "tornado")
        .fails(ExitCode.FAILURE, "setup-tornado.sh");
    Invocation.of("run", "-m", model, "-p", "a", "--backend", "cuda")
        .fails(ExitCode.USAGE, "no backend 'cuda'", "Available: auto, cpu");
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
        .fails(ExitCode.USAGE, "threads is 100000", "cores");
    Invocation.of("run", "-m", model, "-p", "a", "-n", 1, "--repeat-last-n", Integer.MAX_VALUE)
        .succeeds();
  }

  @Test
  void anInterruptDuringALongPromptLeavesNoText() throws Exception {
    var out = new ByteArrayOutputStream();
    String prompt = "a ".repeat(4_000);
    Object[] args = {"run", "-m", model, "-p", prompt, "-c", 10_000, "-n", 1};
    Invocation run = interruptedAt("forward", out, args);
    assertThat(run.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(out.size()).isZero();
  }

  /** What was made is printed, and kept: the next run goes on from it. */
  @Test
  void anInterruptKeepsTheTextAndTheSession() throws Exception {
    Path file = folder.resolve("kept.session");
    var out = new ByteArrayOutputStream();
    Object[] args = {
      "run", "-m", model, "-p", "the", "-c", 10_000, "-n", -1, "--json", "--session", file
    };
    Invocation run = interruptedAt("sample", out, args);
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.INTERRUPTED);
    JsonNode json = new JsonMapper().readTree(out.toByteArray());
    assertThat(json.get("finish_reason").asText()).isEqualTo("cancelled");
    assertThat(json.get("tokens").asInt()).isPositive();
    assertThat(FileKind.of(Files.readAllBytes(file))).isEqualTo(FileKind.SESSION);
    Invocation next =
        Invocation.of("run", "-m", model, "-p", "the", "-n", 1, "-c", 10_000, "--session", file);
    assertThat(next.code()).as(next.err()).isEqualTo(ExitCode.OK); // with a word on the context
  }

  /**
   * Runs a command on a thread of its own, and does what Ctrl-C does once a method of this name is
   * seen on its stack.
   */
  private static Invocation interruptedAt(String method, OutputStream out, Object... args)
      throws Exception {
    var cancellation = new Cancellation();
    var command = new FutureTask<>(() -> Invocation.into(out, cancellation, args));
    Thread thread = Thread.ofPlatform().start(command);
    while (thread.isAlive()
        && Arrays.stream(thread.getStackTrace())
            .noneMatch(frame -> frame.getMethodName().equals(method))) {
      Thread.onSpinWait();
    }
    cancellation.request();
    thread.interrupt();
    return command.get();
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
