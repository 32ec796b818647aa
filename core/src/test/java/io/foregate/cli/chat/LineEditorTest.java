package io.foregate.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.cli.chat.MessageSource.LeftException;
import io.foregate.cli.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class LineEditorTest {
  private static final String LEFT = "\033[D";
  private static final String UP = "\033[A";

  @TempDir private Path folder;
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private LineDisciplineTerminal terminal;

  /** The messages that come of these keys, until Ctrl-D. */
  private List<String> typing(String keys) throws IOException {
    return typing(keys, HistoryFile.none());
  }

  private List<String> typing(String keys, HistoryFile history) throws IOException {
    List<String> messages = new ArrayList<>();
    try (LineEditor editor = editor(keys + "\004", history)) {
      for (String read = editor.read(); read != null; read = editor.read()) {
        messages.add(read);
      }
    }
    return messages;
  }

  private LineEditor editor(String keys, HistoryFile history) throws IOException {
    screen.reset();
    InputStream none = new ByteArrayInputStream(new byte[0]);
    var output = new Terminal(none, screen, screen, true, true, true, StandardCharsets.UTF_8);
    terminal = new LineDisciplineTerminal("test", "xterm", screen, StandardCharsets.UTF_8);
    var raw = new Attributes(terminal.getAttributes());
    raw.setLocalFlags(EnumSet.of(Attributes.LocalFlag.ICANON), false);
    terminal.setAttributes(raw); // keys that come before the reader does are no lines yet
    terminal.processInputBytes(keys.getBytes(StandardCharsets.UTF_8));
    return new LineEditor(output, terminal, history);
  }

  @Test
  void linesAreEdited() throws IOException {
    assertThat(typing("ht" + LEFT + "a\r")).containsExactly("hat");
    assertThat(typing("日本größe" + LEFT + LEFT + "\177\r")).containsExactly("日本grße");
  }

  @Test
  void linesComeBack() throws IOException {
    assertThat(typing("one\rtwo\r" + UP + UP + "!\r")).containsExactly("one", "two", "one!");
  }

  @Test
  void linesOfAnEarlierTimeComeBack() throws IOException {
    Path file = folder.resolve("history");
    typing("first\\\rsecond\r", new HistoryFile(file, null));
    assertThat(typing(UP + "\r", new HistoryFile(file, null))).containsExactly("first\nsecond");
  }

  @Test
  void exclamationMarksAndBackslashesAreText() throws IOException {
    assertThat(typing("one\r!! \\n !1 'x\r")).containsExactly("one", "!! \\n !1 'x");
  }

  @Test
  void aBackslashOrAFenceAsksForFurtherLines() throws IOException {
    assertThat(typing("a\\\rb\r")).containsExactly("a\nb");
    assertThat(typing("\"\"\"a\r\rb\"\"\"\r")).containsExactly("\"\"\"a\n\nb\"\"\"");
    assertThat(typing("a\033\rb\r")).as("Alt-Enter").containsExactly("a\nb");
  }

  @Test
  void whatIsPastedIsOneMessage() throws IOException {
    assertThat(typing("\033[200~/one\rtwo \\\rthree\033[201~\r"))
        .containsExactly("/one\ntwo \\\nthree");
  }

  @Test
  void commandsAreCompleted() throws IOException {
    assertThat(typing("/he\t\r")).extracting(String::strip).containsExactly("/help");
  }

  /** Raises Ctrl-C when the screen shows a text, as a person would. */
  private void interruptAt(String shown, Runnable read) throws InterruptedException {
    Thread person =
        Thread.ofVirtual()
            .start(
                () -> {
                  while (!screen.toString(StandardCharsets.UTF_8).contains(shown)) {
                    Thread.onSpinWait();
                  }
                  terminal.raise(Signal.INT);
                });
    read.run();
    person.join();
  }

  @Test
  void ctrlCGivesUpALine() throws Exception {
    try (LineEditor editor = editor("half", HistoryFile.none())) {
      interruptAt("> half", () -> assertThat(editor.read()).isEmpty());
    }
  }

  @Test
  void ctrlCLeavesWhereNothingIsWritten() throws Exception {
    try (LineEditor editor = editor("", HistoryFile.none())) {
      interruptAt("> ", () -> assertThatThrownBy(editor::read).isInstanceOf(LeftException.class));
    }
  }

  @Test
  void ctrlCIsHeardBetweenTwoMessages() throws IOException {
    var heard = new ArrayList<String>();
    try (LineEditor editor = editor("x\r", HistoryFile.none())) {
      Runnable giveBack = editor.interrupts().take(() -> heard.add("once"));
      assertThat(editor.read()).isEqualTo("x");
      terminal.raise(Signal.INT);
      giveBack.run();
      terminal.raise(Signal.INT);
    }
    assertThat(heard).containsExactly("once");
  }
}
