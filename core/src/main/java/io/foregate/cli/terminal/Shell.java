package io.foregate.cli.terminal;

import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** What every command is given: its terminal, and word from a user who wants it to stop. */
public record Shell(Terminal terminal, Cancellation cancellation) {

  /** A writer to standard output, for the help that picocli prints. */
  public PrintWriter outWriter() {
    return new PrintWriter(new LineWriter(terminal::print), true);
  }

  /** A writer to standard error, for the usage errors that picocli prints. */
  public PrintWriter errWriter() {
    return new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8);
  }

  private static final class LineWriter extends Writer {
    private final Consumer<String> sink;

    LineWriter(Consumer<String> sink) {
      this.sink = sink;
    }

    @Override
    public void write(char[] buffer, int offset, int length) {
      sink.accept(new String(buffer, offset, length));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
