package io.foregate.cli.chat;

import io.foregate.cli.terminal.Terminal;
import java.io.IOException;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.Buffer;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;
import org.jline.terminal.TerminalBuilder.SystemOutput;

/**
 * Reads messages with line editing: arrow keys, history, search (Ctrl-R), completion of commands,
 * and pasted text that stays one message. JLine does the work; Enter is ours, because a message may
 * have several lines ({@link MessageText}). For one thread.
 */
public final class LineEditor implements MessageSource {
  static final String PROMPT = "> ";
  static final String FURTHER_PROMPT = ". ";

  private static final String ENTER = "foregate-enter";
  private static final String FURTHER_LINE = "foregate-further-line";

  private final Terminal output;
  private final org.jline.terminal.Terminal terminal;
  private final LineReader reader;
  private HistoryFile history;

  /**
   * @param output told that a person is waited for
   * @param terminal closed with this
   * @param history what was written before, and where to add to it
   */
  LineEditor(Terminal output, org.jline.terminal.Terminal terminal, HistoryFile history) {
    this.output = output;
    this.terminal = terminal;
    this.history = history;
    var words = new DefaultParser();
    words.setEscapeChars(null);
    words.setQuoteChars(new char[0]);
    this.reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("foregate")
            .parser(words)
            .completer(
                (_, line, candidates) -> {
                  if (line.wordIndex() == 0 && line.word().startsWith("/")) {
                    ChatOrders.NAMES.forEach(name -> candidates.add(new Candidate("/" + name)));
                  }
                })
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true) // "!" is no command here
            .option(LineReader.Option.HISTORY_REDUCE_BLANKS, false)
            .variable(LineReader.SECONDARY_PROMPT_PATTERN, FURTHER_PROMPT)
            .build();
    bindKeys();
    history.entries().forEach(reader.getHistory()::add);
  }

  /**
   * The editor of the process's terminal, or lines as they come where that cannot do more.
   *
   * @param history whether to keep a history in a file
   */
  public static MessageSource orLines(Terminal output, boolean history) {
    if (!output.isProcess()) {
      return new LineSource(output);
    }
    try {
      var terminal =
          TerminalBuilder.builder()
              .system(true)
              .systemOutput(SystemOutput.SysErrOrSysOut) // answers may go to a file
              .encoding(output.charset())
              .dumb(false)
              .build();
      if (terminal.getType().startsWith(org.jline.terminal.Terminal.TYPE_DUMB)) {
        terminal.close();
        return new LineSource(output);
      }
      return new LineEditor(
          output, terminal, history ? HistoryFile.ofUser(output) : HistoryFile.none());
    } catch (IOException | IllegalStateException e) {
      return new LineSource(output);
    }
  }

  private void bindKeys() {
    reader.getWidgets().put(ENTER, this::enter);
    reader.getWidgets().put(FURTHER_LINE, this::furtherLine);
    KeyMap<Binding> keys = reader.getKeyMaps().get(LineReader.MAIN);
    keys.bind(new Reference(ENTER), "\r", "\n");
    keys.bind(new Reference(FURTHER_LINE), KeyMap.alt('\r'), KeyMap.alt('\n'));
    // What some terminals send for these keys, whatever they were told and their description says.
    keys.bind(new Reference(LineReader.UP_LINE_OR_HISTORY), "\033[A");
    keys.bind(new Reference(LineReader.DOWN_LINE_OR_HISTORY), "\033[B");
    keys.bind(new Reference(LineReader.FORWARD_CHAR), "\033[C");
    keys.bind(new Reference(LineReader.BACKWARD_CHAR), "\033[D");
    keys.bind(new Reference(LineReader.BEGINNING_OF_LINE), "\033[H", "\033[1~");
    keys.bind(new Reference(LineReader.END_OF_LINE), "\033[F", "\033[4~");
    keys.bind(new Reference(LineReader.DELETE_CHAR), "\033[3~");
  }

  /** Accepts the message, unless it goes on in a further line. */
  private boolean enter() {
    Buffer buffer = reader.getBuffer();
    String typed = buffer.toString();
    boolean fenced = MessageText.isOpen(typed);
    if (!fenced && !MessageText.continues(typed)) {
      reader.callWidget(LineReader.ACCEPT_LINE);
      return true;
    }
    buffer.cursor(buffer.length());
    if (!fenced) {
      buffer.backspace();
    }
    return furtherLine();
  }

  private boolean furtherLine() {
    reader.getBuffer().write('\n');
    return true;
  }

  @Override
  public String read() {
    try {
      String typed = output.awaiting(() -> reader.readLine(PROMPT));
      history.add(typed);
      return typed;
    } catch (EndOfFileException e) {
      return null;
    } catch (UserInterruptException e) {
      if (e.getPartialLine().isBlank()) {
        throw new LeftException();
      }
      return ""; // only what was being written is given up
    }
  }

  @Override
  public AnswerInterrupt.Hook interrupts() {
    return handler -> {
      var before = terminal.handle(Signal.INT, _ -> handler.run());
      return () -> terminal.handle(Signal.INT, before);
    };
  }

  @Override
  public void remember(boolean wanted) {
    history = wanted ? HistoryFile.ofUser(output) : HistoryFile.none();
  }

  @Override
  public String memory() {
    return history.toString();
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      output.message("foregate: the terminal could not be set back: " + e.getMessage());
    }
  }
}
