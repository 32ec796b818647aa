package io.foregate.cli;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and writes: the process's streams, or a test's.
 *
 * <p>Text is UTF-8 whatever the locale says, because models write UTF-8. Output is flushed with
 * every call, so that text streams as it is made.
 */
final class Terminal {
  /** Ends a command whose reader has gone, as {@code head} goes after its last line. */
  static final class ClosedOutputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClosedOutputException(IOException cause) {
      super("standard output is closed", cause);
    }
  }

  /** What the operating system calls a pipe whose reader has gone (EPIPE). */
  private static final String BROKEN_PIPE = "Broken pipe";

  private final BufferedReader in;
  private final OutputStream out;
  private final PrintStream err;
  private final boolean outIsTerminal;
  private final boolean errIsTerminal;
  private final boolean inIsTerminal;
  private boolean lineIsOpen;

  /** Characters of the status line that stands on standard error; 0 when there is none. */
  private int statusLength;

  private volatile boolean waitsForInput;

  /**
   * @param outIsTerminal whether {@code out} is the screen on which {@code err} is seen too
   * @param errIsTerminal whether a person watches {@code err}, so that progress may be drawn there
   * @param inIsTerminal whether a person types at {@code in}
   */
  Terminal(
      InputStream in,
      OutputStream out,
      OutputStream err,
      boolean outIsTerminal,
      boolean errIsTerminal,
      boolean inIsTerminal) {
    this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    this.out = out;
    this.err = new PrintStream(err, true, StandardCharsets.UTF_8);
    this.outIsTerminal = outIsTerminal;
    this.errIsTerminal = errIsTerminal;
    this.inIsTerminal = inIsTerminal;
  }

  /** The streams of this process. The launcher says which are terminals. */
  static Terminal ofProcess() {
    return new Terminal(
        System.in,
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err),
        Boolean.getBoolean("foregate.stdout.terminal"),
        Boolean.getBoolean("foregate.stderr.terminal"),
        Boolean.getBoolean("foregate.stdin.terminal"));
  }

  /**
   * Writes to standard output.
   *
   * @throws ClosedOutputException if nobody reads it any more
   * @throws CommandException if it cannot be written for another reason, such as a full disk
   */
  synchronized void print(String text) {
    if (text.isEmpty()) {
      return;
    }
    if (outIsTerminal) {
      eraseStatus();
    }
    try {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      lineIsOpen = false;
      if (BROKEN_PIPE.equals(e.getMessage())) {
        throw new ClosedOutputException(e);
      }
      throw new CommandException(
          "cannot write to standard output: " + e.getMessage(),
          "Is the disk full, or the terminal gone?",
          e);
    }
    lineIsOpen = !text.endsWith("\n");
  }

  /** Writes a line to standard output. */
  void println(String line) {
    print(line + "\n");
  }

  /** Ends the line on standard output if one has been begun; never fails. */
  synchronized void endLine() {
    if (lineIsOpen) {
      try {
        print("\n");
      } catch (ClosedOutputException | CommandException e) {
        lineIsOpen = false;
      }
    }
  }

  /** Draws a line on standard error over the one drawn before; never into a line of output. */
  synchronized void drawStatus(String line) {
    if (lineIsOpen && outIsTerminal) {
      return;
    }
    err.print("\r" + line + " ".repeat(Math.max(0, statusLength - line.length())));
    err.flush();
    statusLength = line.length();
  }

  /** Leaves the status line where it stands. */
  synchronized void endStatus() {
    if (statusLength > 0) {
      err.println();
      statusLength = 0;
    }
  }

  private void eraseStatus() {
    if (statusLength > 0) {
      err.print("\r" + " ".repeat(statusLength) + "\r");
      err.flush();
      statusLength = 0;
    }
  }

  /** Writes a line to standard error, after ending the one on standard output. */
  synchronized void message(String line) {
    endLine();
    eraseStatus();
    err.println(line);
  }

  /**
   * Writes a line to standard error while text may be on its way: that goes on as if nothing had
   * been said, but where both are on one screen.
   */
  synchronized void aside(String line) {
    if (outIsTerminal) {
      endLine();
    }
    eraseStatus();
    err.println(line);
  }

  /** Tells a failure: its sentence, and what to do. */
  void complain(String sentence, String hint) {
    message("foregate: " + sentence + (sentence.endsWith(".") ? "" : "."));
    if (!hint.isEmpty()) {
      message("hint: " + hint);
    }
  }

  /** Standard error, for what draws there itself. */
  PrintStream err() {
    return err;
  }

  /** Whether a person watches standard error. */
  boolean errIsTerminal() {
    return errIsTerminal;
  }

  /** Whether a person types at standard input. */
  boolean inIsTerminal() {
    return inIsTerminal;
  }

  /** Whether a command sits in {@link #readLine}. */
  boolean waitsForInput() {
    return waitsForInput;
  }

  /** The next line of standard input, or {@code null} at its end. */
  String readLine() {
    waitsForInput = true;
    try {
      return in.readLine();
    } catch (IOException e) {
      throw new CommandException("cannot read standard input: " + e.getMessage(), "Is it open?", e);
    } finally {
      waitsForInput = false;
    }
  }
}
