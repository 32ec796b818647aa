package io.foregate.cli.terminal;

import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Where a command reads and writes: the process's streams, or a test's.
 *
 * <p>Text is UTF-8 whatever the locale says, because models write UTF-8; only what is typed at a
 * terminal is in the platform's charset. Output is flushed with every call, so that text streams as
 * it is made.
 */
public final class Terminal {
  /** Ends a command whose reader has gone, as {@code head} goes after its last line. */
  public static final class ClosedOutputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClosedOutputException(IOException cause) {
      super("standard output is closed", cause);
    }
  }

  /** What the operating system calls a pipe whose reader has gone (EPIPE). */
  private static final String BROKEN_PIPE = "Broken pipe";

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private static final String FAINT = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";

  private final InputStream bytes;
  private final Charset charset;
  private final BufferedReader in;
  private final OutputStream out;
  private final PrintStream err;
  private final boolean outIsTerminal;
  private final boolean errIsTerminal;
  private final boolean inIsTerminal;
  private boolean lineIsOpen;

  /** Characters of the status line that stands on standard error; 0 when there is none. */
  private int statusLength;

  /** How long work may go on without a word. A test's terminal waits for ever. */
  private Duration patience = ChronoUnit.FOREVER.getDuration();

  private volatile boolean waitsForInput;
  private boolean isProcess;

  /**
   * @param outIsTerminal whether {@code out} is the screen on which {@code err} is seen too
   * @param errIsTerminal whether a person watches {@code err}, so that progress may be drawn there
   * @param inIsTerminal whether a person types at {@code in}
   * @param typed the charset of what a person types
   */
  public Terminal(
      InputStream in,
      OutputStream out,
      OutputStream err,
      boolean outIsTerminal,
      boolean errIsTerminal,
      boolean inIsTerminal,
      Charset typed) {
    this.bytes = in;
    this.charset = inIsTerminal ? typed : StandardCharsets.UTF_8;
    this.in = new BufferedReader(new InputStreamReader(in, charset.newDecoder()));
    this.out = out;
    this.err = new PrintStream(err, true, StandardCharsets.UTF_8);
    this.outIsTerminal = outIsTerminal;
    this.errIsTerminal = errIsTerminal;
    this.inIsTerminal = inIsTerminal;
  }

  /** The streams of this process. */
  public static Terminal ofProcess() {
    var terminal =
        new Terminal(
            System.in,
            new FileOutputStream(FileDescriptor.out),
            new FileOutputStream(FileDescriptor.err),
            isTerminal("stdout"),
            isTerminal("stderr"),
            isTerminal("stdin"),
            PlatformText.charset("stdin.encoding"));
    terminal.isProcess = true;
    return terminal.withPatience(PATIENCE);
  }

  private static boolean isTerminal(String stream) {
    return isTerminal(
        System.getProperty("foregate.%s.terminal".formatted(stream)),
        () -> Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false));
  }

  /**
   * Whether a stream is a terminal.
   *
   * @param launcher what the launcher says of it, or {@code null} where Java was started without it
   * @param console whether the JVM has a terminal: it knows no more than that of all three
   */
  public static boolean isTerminal(String launcher, BooleanSupplier console) {
    return launcher == null ? console.getAsBoolean() : Boolean.parseBoolean(launcher);
  }

  /** Has long work told after that time. */
  Terminal withPatience(Duration time) {
    patience = time;
    return this;
  }

  Duration patience() {
    return patience;
  }

  /**
   * Writes to standard output.
   *
   * @throws ClosedOutputException if nobody reads it any more
   * @throws CommandException if it cannot be written for another reason, such as a full disk
   */
  public synchronized void print(String text) {
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
  public void println(String line) {
    print(line + "\n");
  }

  /** Ends the line on standard output if one has been begun; never fails. */
  public synchronized void endLine() {
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

  /** Takes the status line away. */
  synchronized void clearStatus() {
    eraseStatus();
  }

  private void eraseStatus() {
    if (statusLength > 0) {
      err.print("\r" + " ".repeat(statusLength) + "\r");
      err.flush();
      statusLength = 0;
    }
  }

  /** Writes a line to standard error, after ending the one on standard output. */
  public synchronized void message(String line) {
    endLine();
    eraseStatus();
    err.println(line);
  }

  /**
   * Writes a line to standard error while text may be on its way: that goes on as if nothing had
   * been said, but where both are on one screen.
   */
  public synchronized void aside(String line) {
    if (outIsTerminal) {
      endLine();
    }
    eraseStatus();
    err.println(line);
  }

  /**
   * Writes text to standard error, faint, where a person watches; else nothing. For what is worth
   * seeing while it comes, and no part of the output.
   */
  public synchronized void faint(String text) {
    if (errIsTerminal) {
      endLine();
      eraseStatus();
      err.print(text.isBlank() ? text : FAINT + text + PLAIN);
      err.flush();
    }
  }

  /** Tells a failure: its sentence, and what to do. */
  public void complain(String sentence, String hint) {
    message("foregate: " + sentence + (sentence.endsWith(".") ? "" : "."));
    if (!hint.isEmpty()) {
      message("hint: " + hint);
    }
  }

  /** Standard error, for what draws there itself. */
  public PrintStream err() {
    return err;
  }

  /** Whether a person watches standard error. */
  public boolean errIsTerminal() {
    return errIsTerminal;
  }

  /** Whether a person types at standard input. */
  public boolean inIsTerminal() {
    return inIsTerminal;
  }

  /** Whether these are the process's streams, whose terminal may edit lines. */
  public boolean isProcess() {
    return isProcess;
  }

  /** Whether a command waits for input. */
  public boolean waitsForInput() {
    return waitsForInput;
  }

  /** Does what waits for a person in another way than {@link #readLine}. */
  public <T> T awaiting(Supplier<T> read) {
    waitsForInput = true;
    try {
      return read.get();
    } finally {
      waitsForInput = false;
    }
  }

  /** The next line of standard input, or {@code null} at its end. */
  public String readLine() {
    waitsForInput = true;
    try {
      return in.readLine();
    } catch (CharacterCodingException e) {
      throw new CommandException(
          "standard input: is not text in " + charset,
          inIsTerminal
              ? "Set the locale (LC_ALL) that the terminal writes in."
              : "Convert it first.",
          e);
    } catch (IOException e) {
      throw unreadable(e);
    } finally {
      waitsForInput = false;
    }
  }

  /** The charset of standard input. */
  public Charset charset() {
    return charset;
  }

  /** Whether something is piped in, as far as has come by now. */
  public boolean isPipedTo() {
    try {
      return !inIsTerminal && bytes.available() > 0;
    } catch (IOException e) {
      return false; // closed: there is nothing to read
    }
  }

  /** All of standard input, for who has not read a line of it. */
  byte[] readAll() {
    waitsForInput = true;
    try {
      return bytes.readAllBytes();
    } catch (IOException e) {
      throw unreadable(e);
    } finally {
      waitsForInput = false;
    }
  }

  private static CommandException unreadable(IOException e) {
    return new CommandException("cannot read standard input: " + e.getMessage(), "Is it open?", e);
  }
}
