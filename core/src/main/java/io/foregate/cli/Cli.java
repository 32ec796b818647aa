package io.foregate.cli;

import io.foregate.cli.Terminal.ClosedOutputException;
import io.foregate.error.ForegateException;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The root command, and what all commands share: how failures are told, and exit codes. */
@Command(
    name = "foregate",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Runs Mixture-of-Experts language models, in pure Java.",
    footer = "%n'foregate COMMAND --help' describes a command.")
final class Cli implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--verbose",
      scope = CommandLine.ScopeType.INHERIT,
      description = "Log what is chosen and why, and show stack traces of failures.")
  private boolean verbose;

  private Cli() {}

  /**
   * Parses and runs one command line. Nothing is thrown: failures are told on the terminal.
   *
   * @return the exit code
   */
  static int run(Terminal terminal, Cancellation cancellation, String... args) {
    try (var log = new CommandLog(terminal)) {
      return run(new Shell(terminal, cancellation), log, args);
    }
  }

  private static int run(Shell shell, CommandLog log, String... args) {
    var root = new Cli();
    var commands =
        new CommandLine(root)
            .addSubcommand(new RunCommand(shell))
            .addSubcommand(new ChatCommand(shell))
            .addSubcommand(new EvalCommand(shell))
            .addSubcommand(new PerplexityCommand(shell))
            .addSubcommand(new InspectCommand(shell))
            .addSubcommand(new BenchCommand(shell))
            .addSubcommand(new TraceCommand(shell))
            .addSubcommand(new SimulateCommand(shell))
            .addSubcommand(new AlignCommand(shell))
            .addSubcommand(new QuantizeCommand(shell))
            .addSubcommand(new ConvertCommand(shell))
            .addSubcommand(new DevicesCommand(shell, () -> root.verbose));
    var failures = new FailurePrinter(shell.terminal(), shell.cancellation());
    commands
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(shell.outWriter())
        .setErr(shell.errWriter())
        .setUsageHelpAutoWidth(false)
        .setUsageHelpWidth(100)
        .setExecutionStrategy(
            parsed -> {
              log.show(root.verbose);
              return new CommandLine.RunLast().execute(parsed);
            })
        .setParameterExceptionHandler((e, a) -> failures.badUsage(e))
        .setExecutionExceptionHandler((e, command, parsed) -> failures.failed(e, root.verbose));
    try {
      return commands.execute(args);
    } catch (ClosedOutputException | CommandException | Error e) {
      // The first two: while help was being printed.
      return failures.failed(e, Arrays.asList(args).contains("--verbose"));
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "A command is missing");
  }

  /** Says in a sentence and a hint what went wrong. */
  private record FailurePrinter(Terminal terminal, Cancellation cancellation) {

    int badUsage(ParameterException e) {
      String command = e.getCommandLine().getCommandSpec().qualifiedName();
      terminal.complain(e.getMessage(), usageHint(e, command));
      return ExitCode.USAGE;
    }

    private static String usageHint(ParameterException e, String command) {
      if (e instanceof UnmatchedArgumentException unmatched) {
        var suggestions = unmatched.getSuggestions();
        if (!suggestions.isEmpty()) {
          return "Did you mean %s? '%s --help' lists what there is."
              .formatted(String.join(" or ", suggestions), command);
        }
      }
      return "'%s --help' lists what there is.".formatted(command);
    }

    int failed(Throwable e, boolean verbose) {
      int code =
          switch (e) {
            // Whatever broke then broke because of it.
            case Throwable _ when cancellation.requested() -> ExitCode.INTERRUPTED;
            // The reader has what it wanted (foregate ... | head).
            case ClosedOutputException _ -> ExitCode.OK;
            case UsageException usage -> print(usage, ExitCode.USAGE);
            case ForegateException known -> print(known, ExitCode.FAILURE);
            case OutOfMemoryError _ -> {
              terminal.complain(
                  "not enough memory: " + e.getMessage(),
                  "Use a smaller --ctx, or give the JVM more: FOREGATE_JAVA_OPTS=-Xmx4g.");
              yield ExitCode.FAILURE;
            }
            case InternalError fault when isMappedFileFault(fault) -> {
              terminal.complain(
                  "a file became shorter while it was in use, or the disk failed",
                  "Start again when nothing writes the model or the trace; check the disk.");
              yield ExitCode.FAILURE;
            }
            default -> {
              terminal.complain(
                  "stopped by an internal error: " + e,
                  "This is a bug; run again with --verbose for the stack trace, and report it.");
              yield ExitCode.FAILURE;
            }
          };
      if (code == ExitCode.INTERRUPTED || code == ExitCode.OK) {
        terminal.endLine();
      } else if (verbose) {
        e.printStackTrace(terminal.err());
      }
      return code;
    }

    /** How the virtual machine reports that a mapped page could not be read. */
    private static boolean isMappedFileFault(InternalError e) {
      return String.valueOf(e.getMessage()).contains("unsafe memory access");
    }

    private int print(ForegateException e, int code) {
      terminal.complain(e.getMessage(), e.hint());
      return code;
    }
  }
}
