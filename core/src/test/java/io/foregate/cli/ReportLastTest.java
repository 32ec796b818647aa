package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A report that cannot be written takes nothing with it: the figures are printed before. */
class ReportLastTest {
  @TempDir private Path folder;
  private Path model;
  private Path text;
  private Path reports;

  @BeforeEach
  void write() throws IOException {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    text = Files.writeString(folder.resolve("text.txt"), "the hat ate that tea ".repeat(60));
    reports = Files.createDirectory(folder.resolve("reports"));
  }

  /** Runs a command whose reports have no folder any more as soon as it prints. */
  private void losesOnlyTheReport(Object... command) throws IOException {
    var out =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int from, int count) {
            takeAway();
            super.write(bytes, from, count);
          }

          @Override
          public synchronized void write(int b) {
            takeAway();
            super.write(b);
          }
        };
    Invocation failed = Invocation.into(out, new Cancellation(), command);
    failed.fails(ExitCode.FAILURE, "no such directory");
    assertThat(new JsonMapper().readTree(out.toByteArray())).isNotEmpty();
  }

  private void takeAway() {
    try (Stream<Path> files = Files.exists(reports) ? Files.list(reports) : Stream.empty()) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.deleteIfExists(reports);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void quantize() throws IOException {
    Path out = folder.resolve("q.gguf");
    losesOnlyTheReport(
        "quantize", "--experts", "Q8_0", model, out, "--json", "--report", reports.resolve("q"));
    assertThat(out).exists();
  }

  @Test
  void align() throws IOException {
    Path gates = folder.resolve("a.gates");
    losesOnlyTheReport(
        "align",
        "-m",
        model,
        "--text",
        text,
        "--holdout",
        text,
        "--hidden",
        2,
        "--tokens",
        300,
        "--ctx",
        64,
        "--passes",
        1,
        "-o",
        gates,
        "--json",
        "--report",
        reports);
    assertThat(gates).exists();
  }

  @Test
  void simulate() throws IOException {
    Path trace = folder.resolve("a.trace");
    Invocation.of("trace", "-m", model, "--text", text, "--tokens", 256, "-o", trace)
        .requireExit(ExitCode.OK);
    losesOnlyTheReport(
        "simulate",
        "--trace",
        trace,
        "--profile",
        "t4:q4",
        "--expert-slots",
        "50%",
        "--warmup",
        4,
        "--json",
        "--out",
        reports);
  }
}
