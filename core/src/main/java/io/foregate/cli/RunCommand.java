package io.foregate.cli;

import io.foregate.Generation;
import io.foregate.Model;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code run}: continues a prompt. Prints the prompt, then what follows, as llama.cpp does, so that
 * the result reads as one text; {@code --no-echo} leaves the prompt out.
 */
@Command(
    name = "run",
    description = "Continue a prompt; the text streams as it is made.",
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  private final Shell shell;

  @Mixin private ModelFlags model;
  @Mixin private GenerationFlags generation;

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description = "The text to continue.")
  private String prompt;

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "A UTF-8 file with the text to continue.")
  private Path file;

  @Option(
      names = "--session",
      paramLabel = "FILE",
      description =
          "Keep what was fed in FILE: a prompt that begins with it feeds only the rest. Made if"
              + " there is none.")
  private Path session;

  @Option(names = "--no-echo", description = "Do not print the prompt before what follows it.")
  private boolean noEcho;

  @Option(names = "--stats", description = "Print speed and memory to standard error.")
  private boolean stats;

  @Option(names = "--json", description = "Print one JSON object, at the end.")
  private boolean json;

  /** The schema of {@code --json}. */
  private record Report(
      String model, String prompt, String text, int tokens, String finishReason, RunStats stats) {}

  RunCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    String text = prompt();
    Terminal terminal = shell.terminal();
    try (Model opened = model.open(terminal)) {
      var watch = json ? Watch.silent(shell, opened) : Watch.printing(shell, opened, echo(text));
      ModelFlags.tellLongContext(terminal, opened.context(), opened.trainedContext());
      Generation result =
          session == null
              ? opened.generate(text, generation.options(), watch)
              : opened.generate(text, generation.options(), session, watch);
      shell.cancellation().check(); // it may have come before there was any text to watch
      RunStats figures = RunStats.of(result.stats(), watch.memory(), opened.expertStats());
      watch.finish();
      if (json) {
        terminal.println(Json.pretty(report(text, result, figures)));
      }
      terminal.endLine();
      if (stats) {
        terminal.message(figures.text());
      }
    }
    return ExitCode.OK;
  }

  private String echo(String text) {
    return noEcho ? "" : text;
  }

  private Report report(String text, Generation result, RunStats figures) {
    return new Report(
        model.model.toString(),
        text,
        result.text(),
        result.tokens(),
        result.finishReason().name().toLowerCase(Locale.ROOT),
        figures);
  }

  private String prompt() {
    if ((prompt == null) == (file == null)) {
      throw new UsageException(
          "run takes one prompt", "Give it with --prompt TEXT or with --file FILE.");
    }
    return prompt == null ? TextFile.read(file) : prompt;
  }
}
