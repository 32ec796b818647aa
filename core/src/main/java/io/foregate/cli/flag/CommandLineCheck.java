package io.foregate.cli.flag;

import io.foregate.cli.terminal.UsageException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Looks over a command line before it is parsed, for what would be understood as something else:
 * picocli takes {@code -ngl 99} for {@code -n gl}, and {@code -hf} for a wish for help.
 */
public final class CommandLineCheck {
  private static final Set<String> READ_GGUF = Set.of("inspect", "quantize", "merge");

  private CommandLineCheck() {}

  /**
   * Recognizes habits from elsewhere.
   *
   * @throws UsageException saying what to type here
   */
  public static void check(CommandLine commands, List<String> args) {
    List<String> words = fromCommand(args);
    if (words.isEmpty()) {
      return;
    }
    String name = words.getFirst();
    CommandLine command = commands.getSubcommands().get(name);
    if (command != null) {
      checkCommand(command.getCommandSpec(), words.subList(1, words.size()));
      return;
    }
    if (name.startsWith("-")) {
      return; // --help and the like, or what picocli does not know either
    }
    throw new UsageException("there is no command '%s'".formatted(name), advice(commands, name));
  }

  /** A command line from where its command is, if it has one. */
  public static List<String> fromCommand(List<String> args) {
    int at = 0;
    while (at < args.size() && args.get(at).equals("--verbose")) {
      at++;
    }
    return args.subList(at, args.size());
  }

  private static String advice(CommandLine commands, String name) {
    String habit = Habits.COMMANDS.get(name);
    if (habit != null) {
      return habit;
    }
    if (name.toLowerCase(Locale.ROOT).endsWith(".gguf")) {
      return "Use 'foregate run -m %s'.".formatted(name);
    }
    String list = "'foregate --help' lists what there is.";
    return Typos.meant(name, commands.getSubcommands().keySet())
        .map(meant -> "Did you mean %s? %s".formatted(meant, list))
        .orElse(list);
  }

  private static void checkCommand(CommandSpec command, List<String> args) {
    List<String> positionals = new ArrayList<>();
    for (int i = 0; i < args.size(); i++) {
      String argument = args.get(i);
      if (argument.equals("--")) {
        break;
      }
      int equals = argument.indexOf('=');
      String name = equals > 0 ? argument.substring(0, equals) : argument;
      OptionSpec option = command.findOption(name);
      if (option != null && option.names().length > 0 && List.of(option.names()).contains(name)) {
        String value = null;
        if (equals > 0) {
          value = argument.substring(equals + 1);
        } else if (option.arity().max() > 0 && i + 1 < args.size()) {
          value = args.get(++i);
        }
        checkValue(option, value);
      } else if (argument.length() > 1 && argument.startsWith("-")) {
        checkOption(command, name);
      } else {
        positionals.add(argument);
      }
    }
    checkPositionals(command, positionals);
  }

  private static void checkOption(CommandSpec command, String name) {
    String habit = Habits.OPTIONS.get(name);
    if (habit != null) {
      throw new UsageException(
          "%s has no option '%s'".formatted(command.qualifiedName(), name), habit);
    }
    boolean isLong = name.startsWith("--");
    Set<String> names = command.optionsMap().keySet();
    Optional<String> meant =
        isLong
            ? Typos.meant(name, names)
            : Optional.of("-" + name).filter(n -> name.length() > 2 && names.contains(n));
    if (isLong || meant.isPresent()) {
      String list = "'%s --help' lists what there is.".formatted(command.qualifiedName());
      throw new UsageException(
          "%s has no option '%s'".formatted(command.qualifiedName(), name),
          meant.map(m -> "Did you mean %s? %s".formatted(m, list)).orElse(list));
    }
  }

  private static void checkValue(OptionSpec option, String value) {
    if (value != null && List.of(option.names()).contains("--model")) {
      List.of(value.split(",")).forEach(CommandLineCheck::checkModel);
    }
  }

  private static void checkModel(String model) {
    Path path;
    try {
      path = Path.of(model);
    } catch (InvalidPathException e) {
      return; // picocli says so
    }
    UsageException habit = Habits.notAFile(model);
    if (habit != null && !Files.exists(path)) {
      throw habit;
    }
    if (Files.isDirectory(path) && Files.exists(path.resolve("config.json"))) {
      throw new UsageException(
          "'%s' is a Hugging Face folder, expected a GGUF file".formatted(model),
          "Make one of it: foregate convert %s.".formatted(model));
    }
  }

  private static void checkPositionals(CommandSpec command, List<String> words) {
    if (words.isEmpty()) {
      return;
    }
    String first = words.getFirst();
    if (READ_GGUF.contains(command.name())) {
      checkModel(first);
    }
    if (command.name().equals("convert")) {
      checkFolder(first);
      if (words.size() == 2) {
        throw new UsageException(
            "convert takes one folder, found '%s' behind it".formatted(words.get(1)),
            "Name the file to write with --out: foregate convert %s --out %s."
                .formatted(first, words.get(1)));
      }
    }
    boolean namesType = command.name().equals("quantize") && words.size() == 3;
    if (namesType) {
      String type = words.getLast();
      String nearest = Habits.nearestType(type);
      throw new UsageException(
          "quantize takes types by parts of the model, found '%s' behind the files".formatted(type),
          "For the experts: foregate quantize --experts %s %s %s."
              .formatted(nearest == null ? type : nearest, first, words.get(1)));
    }
  }

  private static void checkFolder(String folder) {
    UsageException habit = Habits.notAFile(folder);
    Path path = Path.of(folder);
    if (habit != null && !Files.exists(path)) {
      throw habit;
    }
    if (Files.isRegularFile(path) && folder.toLowerCase(Locale.ROOT).endsWith(".gguf")) {
      throw new UsageException(
          "'%s' is a GGUF file already, expected a Hugging Face folder".formatted(folder),
          "'foregate run -m %s' runs it, 'foregate quantize' changes its types.".formatted(folder));
    }
  }
}
