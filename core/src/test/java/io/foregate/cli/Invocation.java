package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** What one command line, run in this process, answered. */
public record Invocation(int code, String out, String err) {

  public static Invocation of(Object... args) {
    return withInput("", args);
  }

  public static Invocation withInput(String input, Object... args) {
    var out = new ByteArrayOutputStream();
    return run(input, false, false, new Cancellation(), out, out, args);
  }

  /** Runs with a person who sees standard error, and standard output in a file. */
  public static Invocation watched(Object... args) {
    var out = new ByteArrayOutputStream();
    return run("", false, true, new Cancellation(), out, out, args);
  }

  /** Runs with input from a pipe, while a person sees standard error. */
  public static Invocation watchedWithInput(String input, Object... args) {
    var out = new ByteArrayOutputStream();
    return run(input, false, true, new Cancellation(), out, out, args);
  }

  /** Runs with a person who types the input. */
  public static Invocation typing(String input, Object... args) {
    var out = new ByteArrayOutputStream();
    return run(input, true, false, new Cancellation(), out, out, args);
  }

  /** Runs with a given standard output, such as one that breaks. */
  static Invocation into(OutputStream out, Cancellation cancellation, Object... args) {
    return run("", false, false, cancellation, out, new ByteArrayOutputStream(), args);
  }

  private static Invocation run(
      String input,
      boolean typed,
      boolean watched,
      Cancellation cancellation,
      OutputStream out,
      ByteArrayOutputStream captured,
      Object... args) {
    var err = new ByteArrayOutputStream();
    var in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    var words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = args[i].toString();
    }
    int code =
        Cli.run(
            new Terminal(in, out, err, false, watched, typed, StandardCharsets.UTF_8),
            cancellation,
            words);
    return new Invocation(
        code, captured.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Asserts success without a word on standard error. */
  public Invocation succeeds() {
    assertThat(err).isEmpty();
    assertThat(code).isEqualTo(ExitCode.OK);
    return this;
  }

  /** Asserts an exit code only. */
  public Invocation requireExit(int expected) {
    assertThat(code).as(err).isEqualTo(expected);
    return this;
  }

  /** Asserts an exit code, one sentence and at most one hint that say all these words. */
  public Invocation fails(int expected, String... words) {
    assertThat(code).as(err).isEqualTo(expected);
    assertThat(err).startsWith("foregate: ").contains(words);
    assertThat(err.lines()).hasSizeBetween(1, 2);
    assertThat(err).doesNotContain("internal error").doesNotContain("\tat ");
    return this;
  }
}
