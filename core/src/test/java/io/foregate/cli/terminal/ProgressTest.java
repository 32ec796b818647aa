package io.foregate.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressTest {
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  @TempDir private Path folder;

  @Test
  void isDrawnForLongWorkThatSomebodyWatches() throws IOException {
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    Path text = Files.writeString(folder.resolve("text.txt"), "the heat at tea ".repeat(10));
    Path small = folder.resolve("small.gguf");
    Object[][] commands = {
      {"perplexity", "-m", model, "-f", text, "-c", 16},
      {"perplexity", "-m", model, "-f", text, "-c", 16, "--json"},
      {"quantize", "--experts", "Q4_0", "--force", model, small},
      {"bench", "-m", model, "-p", 4, "-n", 0, "-r", 1, "--no-warmup"},
    };
    for (Object[] command : commands) {
      Invocation watched = Invocation.watched(command);
      assertThat(watched.code()).isEqualTo(ExitCode.OK);
      assertThat(watched.err()).contains(" 100% [====").endsWith("\n");
      assertThat(watched.out()).doesNotContain("\r", "100%");
      Invocation.of(command).succeeds(); // not a word on standard error
    }
  }

  @Test
  void makesWayForResults() {
    Terminal terminal = terminal(true);
    terminal.drawStatus("half");
    terminal.println("row");
    terminal.drawStatus("three quarters");
    terminal.drawStatus("done");
    terminal.endStatus();
    assertThat(screen())
        .isEqualTo("\rhalf\r    \rrow\n\rthree quarters\rdone          %n".formatted());
  }

  @Test
  void isNotDrawnIntoALine() {
    Terminal terminal = terminal(true);
    terminal.print("[1]2.5,");
    terminal.drawStatus("half");
    terminal.endStatus();
    assertThat(screen()).isEqualTo("[1]2.5,");
  }

  @Test
  void staysWhenResultsGoElsewhere() {
    Terminal terminal = terminal(false);
    terminal.drawStatus("half");
    terminal.print("[1]2.5,");
    terminal.drawStatus("done");
    assertThat(screen()).isEqualTo("\rhalf[1]2.5,\rdone");
  }

  /** A terminal whose results and messages are noted in one order. */
  private Terminal terminal(boolean outIsTerminal) {
    return new Terminal(
        InputStream.nullInputStream(),
        screen,
        screen,
        outIsTerminal,
        true,
        false,
        StandardCharsets.UTF_8);
  }

  private String screen() {
    return screen.toString(StandardCharsets.UTF_8);
  }
}
