package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlignCommandTest {
  @TempDir private Path folder;
  private Path model;
  private Path text;
  private Path held;

  @BeforeEach
  void write() throws IOException {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    text = folder.resolve("text.txt");
    held = folder.resolve("held.txt");
    Files.writeString(text, words(1, 4000));
    Files.writeString(held, words(2, 500));
  }

  private static String words(long seed, int count) {
    var random = new Random(seed);
    var text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(random.nextInt(3) == 0 ? "the hat" : "a tot").append(i % 9 == 0 ? '\n' : ' ');
    }
    return text.toString();
  }

  @Test
  void writesGatesAReportAndFigures() throws IOException {
    Path report = folder.resolve("report");
    JsonNode json = json(align("--json", "--report", report));
    assertThat(json.at("/gates").asText()).isEqualTo("tiny.gates.safetensors");
    assertThat(json.at("/shape/horizon").asInt()).isEqualTo(1);
    assertThat(json.at("/trained_tokens").asLong()).isBetween(1000L, 3000L);
    assertThat(json.at("/processor_seconds").isNumber()).isTrue();
    double aligned = json.at("/recall/held/aligned gates/within/0").asDouble();
    double untrained = json.at("/recall/held/untrained gates/within/0").asDouble();
    double token = json.at("/recall/held/aligned gates/token/0").asDouble();
    assertThat(aligned).isGreaterThan(untrained).isLessThanOrEqualTo(1);
    assertThat(token).isGreaterThan(json.at("/recall/held/untrained gates/token/0").asDouble());
    assertThat(json.at("/gap_closed/held/0").asDouble())
        .isEqualTo((aligned - untrained) / (1 - untrained));
    JsonNode reliability = json.at("/reliability/0");
    assertThat(reliability.at("/bins")).hasSize(10);
    assertThat(reliability.at("/error").asDouble()).isBetween(0.0, 0.3);
    assertThat(json.at("/recall/held/frequency/within_twice/0").asDouble()).isEqualTo(1);
    assertThat(folder.resolve("tiny.gates.safetensors")).exists();
    assertThat(folder.resolve("tiny.gates.safetensors.checkpoint")).doesNotExist();
    assertThat(report.resolve("recall-tiny.md"))
        .content()
        .contains("recall-tiny-distance.svg", "| aligned gates within, recall@k |", "held");
    assertThat(report.resolve("recall-tiny-distance.svg")).content().startsWith("<svg");
    assertThat(report.resolve("recall-tiny-layers.svg")).content().startsWith("<svg");
    JsonNode written =
        JsonMapper.builder().build().readTree(report.resolve("recall-tiny.json").toFile());
    assertThat(written).isEqualTo(json);
  }

  @Test
  void repeatsItself() throws IOException {
    align("--out", folder.resolve("a")).succeeds();
    align("--out", folder.resolve("b"), "--threads", 1).succeeds();
    align("--out", folder.resolve("c"), "--seed", 2).succeeds();
    assertThat(folder.resolve("a")).hasSameBinaryContentAs(folder.resolve("b"));
    assertThat(Files.mismatch(folder.resolve("a"), folder.resolve("c"))).isNotEqualTo(-1);
  }

  @Test
  void progressIsForPeople() {
    Invocation watched =
        Invocation.watched(
            "align",
            "-m",
            model,
            "--text",
            text,
            "--horizon",
            1,
            "--ctx",
            64,
            "--tokens",
            600,
            "--hidden",
            2,
            "--passes",
            1);
    assertThat(watched.code()).isEqualTo(ExitCode.OK);
    assertThat(watched.err()).contains("align", "round 1 of", "validation recall@k");
    assertThat(watched.out()).contains("tiny.gates.safetensors").hasLineCount(1);
  }

  @Test
  void refusesWhatCannotBeAligned() throws IOException {
    Path dense = TinyGguf.dense().write(folder.resolve("dense.gguf"));
    Invocation.of("align", "-m", dense, "--text", text).fails(ExitCode.FAILURE, "dense");
    Invocation.of("align", "-m", model, "--text", text, "--horizon", 4)
        .fails(ExitCode.FAILURE, "horizon is 4", "only 2");
    Invocation.of("align", "-m", model, "--text", text, "--horizon", 0)
        .fails(ExitCode.USAGE, "--horizon");
    Invocation.of("align", "-m", model, "--text", text, "--horizon", 1, "--report", folder)
        .fails(ExitCode.USAGE, "--holdout");
    Path brief = Files.writeString(folder.resolve("brief.txt"), "the hat");
    Invocation.of("align", "-m", model, "--text", brief, "--horizon", 1)
        .fails(ExitCode.FAILURE, "1 chunk", "expected 2");
    Invocation.of("align", "-m", model, "--text", folder.resolve("no.txt"), "--horizon", 1)
        .fails(ExitCode.FAILURE, "no such file");
  }

  @Test
  void doesNotGoOnFromADamagedCheckpoint() throws IOException {
    Files.writeString(folder.resolve("tiny.gates.safetensors.checkpoint"), "nonsense");
    align("--resume").fails(ExitCode.FAILURE, "checkpoint", "but a text file");
    Files.write(folder.resolve("tiny.gates.safetensors.checkpoint"), new byte[50]);
    align("--resume").fails(ExitCode.FAILURE, "checkpoint", "damaged");
  }

  private Invocation align(Object... more) {
    Object[] common = {
      "align",
      "-m",
      model,
      "--text",
      text,
      "--holdout",
      held,
      "--horizon",
      1,
      "--ctx",
      64,
      "--tokens",
      3000,
      "--hidden",
      8,
      "--passes",
      3
    };
    Object[] all = new Object[common.length + more.length];
    System.arraycopy(common, 0, all, 0, common.length);
    System.arraycopy(more, 0, all, common.length, more.length);
    return Invocation.of(all);
  }

  private static JsonNode json(Invocation invocation) throws IOException {
    return JsonMapper.builder().build().readTree(invocation.succeeds().out());
  }
}
