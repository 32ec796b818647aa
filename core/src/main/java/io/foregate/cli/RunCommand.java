package io.foregate.cli;

import io.foregate.FinishReason;
import io.foregate.Generation;
import io.foregate.Model;
import io.foregate.SessionNotSavedException;
import io.foregate.cli.chat.GenerationMonitor;
import io.foregate.cli.flag.GenerationFlags;
import io.foregate.cli.flag.ModelFlags;
import io.foregate.cli.flag.PromptFlags;
import io.foregate.cli.output.DiskReads;
import io.foregate.cli.output.RunStats;
import io.foregate.cli.output.SamplingInForce;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Hints;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.Terminal;
import io.foregate.files.Claim;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.options.GenerateOptions;
import io.foregate.report.Json;
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

  @Mixin private PromptFlags prompt;

  @Option(
      names = "--session",
      paramLabel = "FILE",
      description =
          "Keep what was fed in FILE: a prompt that begins with it feeds only the rest. Made if"
              + " there is none.")
  private Path session;

  @Option(
      names = {"--no-echo", "--no-display-prompt"},
      description = "Do not print the prompt before what follows it.")
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
    String text = prompt.text(shell.terminal());
    Terminal terminal = shell.terminal();
    if (session != null) {
      Target.requireOwn(session, FileKind.SESSION);
      Claim.requireFree(session);
    }
    GenerateOptions options = generation.options(terminal).withSpecialTokens(prompt.parseSpecial());
    try (Model opened = model.open(terminal);
        GenerationMonitor watch = watch(opened, text)) {
      ModelFlags.tellLongContext(terminal, opened.context(), opened.trainedContext());
      if (session == null) {
        print(opened, options, text, opened.generate(text, options, watch), watch);
      } else {
        printKept(opened, text, options, watch);
      }
      shell.cancellation().check();
    }
    return ExitCode.OK;
  }

  /** As without a session; what was generated is printed even where it cannot be kept. */
  private void printKept(
      Model opened, String text, GenerateOptions options, GenerationMonitor watch) {
    try {
      print(opened, options, text, opened.generate(text, options, session, watch), watch);
    } catch (SessionNotSavedException e) {
      print(opened, options, text, e.generation(), watch);
      if (shell.cancellation().requested()) { // which is all that would be told of the failure
        shell.terminal().complain(e.getMessage(), Hints.of(e));
      }
      throw e;
    }
  }

  private void print(
      Model opened,
      GenerateOptions options,
      String text,
      Generation result,
      GenerationMonitor watch) {
    Terminal terminal = shell.terminal();
    if (result.tokens() == 0 && !json) {
      shell.cancellation().check(); // it came before there was any text to watch
    }
    RunStats figures =
        RunStats.of(result.stats(), watch.memory(), opened, SamplingInForce.of(options, opened));
    watch.finish();
    if (json) {
      terminal.println(Json.pretty(report(text, result, figures)));
    }
    terminal.endLine();
    if (result.finishReason() == FinishReason.CONTEXT) {
      ModelFlags.tellFullContext(terminal, opened.context());
    }
    new DiskReads().tell(terminal, result.stats(), watch.memory().weights());
    if (stats) {
      terminal.message(figures.text());
    }
  }

  private GenerationMonitor watch(Model opened, String text) {
    return json
        ? GenerationMonitor.silent(shell, opened)
        : GenerationMonitor.printing(shell, opened, noEcho ? "" : text);
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
}
