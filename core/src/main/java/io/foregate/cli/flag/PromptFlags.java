package io.foregate.cli.flag;

import io.foregate.cli.terminal.Terminal;
import io.foregate.cli.terminal.TextFile;
import io.foregate.cli.terminal.UsageException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where a prompt comes from: an argument, a file, or what is piped in. */
public final class PromptFlags {
  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      parameterConsumer = AnyText.class,
      description = "The text to continue.")
  private String prompt;

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description =
          "A UTF-8 file with the text to continue, - for standard input. One line break at its end"
              + " is no part of it.")
  private Path file;

  @Parameters(
      arity = "0..*",
      paramLabel = "PROMPT",
      description =
          "The text to continue, as one argument. Without it, --prompt and --file, what is piped"
              + " in.")
  private List<String> words = List.of();

  @Option(
      names = "--parse-special",
      description =
          "Read the names of special tokens in the prompt, such as <|im_end|>, as these tokens, not"
              + " as text.")
  private boolean parseSpecial;

  public boolean parseSpecial() {
    return parseSpecial;
  }

  /**
   * The prompt.
   *
   * @throws UsageException if there is none, or more than one
   */
  public String text(Terminal terminal) {
    if (words.size() > 1) {
      throw new UsageException(
          "the prompt is one argument, found %d: '%s'"
              .formatted(words.size(), String.join("', '", words)),
          "Quote it: foregate run -m MODEL \"Once upon a time\".");
    }
    int given = words.size() + (prompt == null ? 0 : 1) + (file == null ? 0 : 1);
    if (given > 1) {
      throw new UsageException(
          "run takes one prompt, found %d: %s".formatted(given, sources()),
          "Leave all but one of them out.");
    }
    if (file != null) {
      return TextFile.read(file, terminal);
    }
    if (given == 1) {
      if (terminal.isPipedTo()) {
        terminal.message(
            "foregate: standard input is not read: the prompt is %s."
                .formatted(prompt == null ? "the argument" : "that of --prompt"));
      }
      return prompt == null ? words.getFirst() : prompt;
    }
    return piped(terminal);
  }

  private String sources() {
    String first = prompt == null ? "" : "--prompt, ";
    String second = file == null ? "" : "--file, ";
    String third = words.isEmpty() ? "" : "the argument '%s', ".formatted(words.getFirst());
    String all = first + second + third;
    return all.substring(0, all.length() - 2);
  }

  private static String piped(Terminal terminal) {
    String text = terminal.inIsTerminal() ? "" : TextFile.readInput(terminal);
    if (text.isEmpty()) {
      throw new UsageException(
          "run takes one prompt, and there is none",
          "Give it as an argument, with --prompt TEXT or --file FILE, or pipe it in.");
    }
    return text;
  }
}
