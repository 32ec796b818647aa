package io.foregate.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Cli;
import io.foregate.cli.TinyGguf;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever waits learns what for. */
class LongWorkTest {
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  @TempDir private Path folder;

  private Terminal terminal(boolean watched) {
    return new Terminal(
            InputStream.nullInputStream(),
            out,
            screen,
            false,
            watched,
            false,
            StandardCharsets.UTF_8)
        .withPatience(Duration.ZERO);
  }

  private String screen() {
    return screen.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aPersonSeesSecondsAndThenNothing() {
    LongWork work = LongWork.of(terminal(true), "reading");
    assertThat(screen()).isEqualTo("\rforegate: reading, 0 s");
    work.close();
    work.close();
    assertThat(screen()).endsWith("\r" + " ".repeat("foregate: reading, 0 s".length()) + "\r");
  }

  @Test
  void elsewhereOneLineIsWritten() {
    LongWork.of(terminal(false), "reading").close();
    assertThat(screen()).isEqualTo("foregate: reading; this may take a while.%n".formatted());
  }

  @Test
  void whatIsTimelyIsNotTold() {
    LongWork.of(terminal(false).withPatience(Duration.ofDays(1)), "reading").close();
    assertThat(screen()).isEmpty();
  }

  @Test
  void whatIsLateIsTold() throws InterruptedException {
    try (LongWork _ = LongWork.of(terminal(false).withPatience(Duration.ofMillis(1)), "reading")) {
      for (int i = 0; i < 10_000 && screen.size() == 0; i++) {
        Thread.sleep(1);
      }
    }
    assertThat(screen()).contains("foregate: reading;");
  }

  /** Every command that may be silent for long has its line. */
  @Test
  void commandsSayWhatTheyDo() {
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    String path = model.toString();
    String small = folder.resolve("small.gguf").toString();
    told(List.of("run", "-m", path, "-p", "a", "-n", "1"), "opening the model", "the prompt");
    told(List.of("eval", "-m", path, "--tokens", "1"), "opening the model", "computing");
    told(List.of("bench", "-m", path, "-p", "1", "-n", "0", "-r", "1"), "at work (bench)");
    told(List.of("quantize", "--experts=Q4_0", path, small), "at work (quantize)");
    told(
        List.of("run", "-m", path, "-p", "a", "-n", "1", "--policy=lru", "--expert-slots=6"),
        "experts");
  }

  private void told(List<String> command, String... words) {
    screen.reset();
    int code = Cli.run(terminal(false), new Cancellation(), command.toArray(String[]::new));
    assertThat(code).as(screen()).isZero();
    assertThat(screen()).contains(words);
    assertThat(screen().lines()).allMatch(line -> line.endsWith("; this may take a while."));
  }
}
