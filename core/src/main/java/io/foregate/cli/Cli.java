package io.foregate.cli;

import io.foregate.cli.flag.CommandLineCheck;
import io.foregate.cli.flag.Effects;
import io.foregate.cli.flag.HelpLayout;
import io.foregate.cli.flag.OptionRanges;
import io.foregate.cli.flag.Outputs;
import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.CommandException;
import io.foregate.cli.terminal.CommandLog;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Hints;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.Terminal;
import io.foregate.cli.terminal.Terminal.ClosedOutputException;
import io.foregate.cli.terminal.UsageException;
import io.foregate.error.ForegateException;
import io.foregate.files.MappedFault;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.MissingParameterException;
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
public final class Cli implements Runnable {
  private static final Set<List<String>> VERSION = Set.of(List.of("--version"), List.of("-V"));

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
  public static int run(Terminal terminal, Cancellation cancellation, String... args) {
    var shell = new Shell(terminal, cancellation);
    var root = new Cli();
    CommandLine commands = commands(root, shell, Arrays.asList(args));
    var failures = new FailurePrinter(terminal, cancellation);
    commands
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExpandAtFiles(false) // a prompt may begin with @
        .setOut(shell.outWriter())
        .setErr(shell.errWriter())
        .setUsageHelpAutoWidth(false)
        .setUsageHelpWidth(100)
        .setExecutionStrategy(parsed -> execute(parsed, terminal, failures, root))
        .setParameterExceptionHandler((e, a) -> failures.badUsage(e))
        .setExecutionExceptionHandler((e, command, parsed) -> failures.failed(e, root.verbose));
    commands.getSubcommands().values().forEach(HelpLayout::apply);
    try {
      CommandLineCheck.check(commands, Arrays.asList(args));
      return commands.execute(args);
    } catch (ClosedOutputException | CommandException | UsageException | Error e) {
      // The first two: while help was being printed; the third: before a command began.
      return failures.failed(e, Arrays.asList(args).contains("--verbose"));
    }
  }

  /** Every command, ready to parse; {@link #run} adds how failures are told. */
  public static CommandLine commands(Shell shell) {
    var root = new Cli();
    return commands(root, makers(root, shell).values());
  }

  /** The commands that a command line needs, ready to parse. */
  static CommandLine commands(Shell shell, List<String> args) {
    return commands(new Cli(), shell, args);
  }

  private static CommandLine commands(Cli root, Collection<Supplier<Object>> makers) {
    var commands = new CommandLine(root);
    makers.forEach(maker -> commands.addSubcommand(maker.get()));
    return commands;
  }

  /**
   * The commands that a command line needs. To make one reads its annotations, and all of them take
   * longer than starting the virtual machine; so a command is made alone where it is named, and
   * none for the version. Help, and what is no command, need all.
   */
  private static CommandLine commands(Cli root, Shell shell, List<String> args) {
    Map<String, Supplier<Object>> makers = makers(root, shell);
    List<String> words = CommandLineCheck.fromCommand(args);
    if (VERSION.contains(words)) {
      return commands(root, List.of());
    }
    Supplier<Object> named = words.isEmpty() ? null : makers.get(words.getFirst());
    return named == null
        ? commands(root, makers.values()).addSubcommand(new CommandLine.HelpCommand())
        : commands(root, List.of(named));
  }

  /** What makes each command, by its name, in the order of help. */
  private static Map<String, Supplier<Object>> makers(Cli root, Shell shell) {
    Map<String, Supplier<Object>> makers = new LinkedHashMap<>();
    makers.put("run", () -> new RunCommand(shell));
    makers.put("chat", () -> new ChatCommand(shell));
    makers.put("eval", () -> new EvalCommand(shell));
    makers.put("perplexity", () -> new PerplexityCommand(shell));
    makers.put("inspect", () -> new InspectCommand(shell));
    makers.put("template", () -> new TemplateCommand(shell));
    makers.put("bench", () -> new BenchCommand(shell));
    makers.put("trace", () -> new TraceCommand(shell));
    makers.put("simulate", () -> new SimulateCommand(shell));
    makers.put("align", () -> new AlignCommand(shell));
    makers.put("quantize", () -> new QuantizeCommand(shell));
    makers.put("merge", () -> new MergeCommand(shell));
    makers.put("convert", () -> new ConvertCommand(shell));
    makers.put("devices", () -> new DevicesCommand(shell, () -> root.verbose));
    return makers;
  }

  private static int execute(
      CommandLine.ParseResult parsed, Terminal terminal, FailurePrinter failures, Cli root) {
    Integer help = CommandLine.executeHelpRequest(parsed);
    if (help != null) {
      return help; // nothing is logged, and java.util.logging is slow to start
    }
    try (var log = new CommandLog(terminal)) {
      log.show(root.verbose);
      try {
        check(parsed, terminal);
      } catch (UsageException e) {
        return failures.failed(e, root.verbose); // picocli would print its stack
      }
      return new CommandLine.RunLast().execute(parsed);
    }
  }

  /** Looks at the options of a command that is about to run. */
  private static void check(CommandLine.ParseResult parsed, Terminal terminal) {
    if (parsed.hasSubcommand() && !parsed.subcommand().isUsageHelpRequested()) {
      OptionRanges.check(parsed.subcommand());
      Outputs.check(parsed.subcommand());
      Effects.check(parsed.subcommand(), terminal);
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
      if (e instanceof MissingParameterException missing
          && missing.getMessage().contains("--model=")) {
        return "Name the model's file: %s -m MODEL.gguf. '%s --help' lists what there is."
            .formatted(command, command);
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
            case Throwable fault when MappedFault.is(fault) -> {
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

    private int print(ForegateException e, int code) {
      terminal.complain(e.getMessage(), Hints.of(e));
      return code;
    }
  }
}
