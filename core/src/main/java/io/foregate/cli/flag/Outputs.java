package io.foregate.cli.flag;

import io.foregate.cli.terminal.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/**
 * Files that one command line names twice: where one of them is written, the other would be lost.
 */
public final class Outputs {
  private static final String SESSION = "--session";

  /** Options that name what is written; {@code --imatrix} is read by all but {@code trace}. */
  private static final Set<String> WRITTEN = Set.of("--out", "--report", "--timeline", SESSION);

  /** Folders into which anything may go. */
  private static final Set<String> SHARED = Set.of("--store-folder");

  private Outputs() {}

  /** A file and the option or parameter that names it. */
  private record Named(String name, Path path, boolean written, boolean positional) {

    /** Whether two of them get into each other's way. */
    boolean clashes(Named other) {
      if (!written && !other.written) {
        return false;
      }
      if (positional && other.positional) {
        return false; // the command compares these itself
      }
      // A session that is something else already is told by what it is.
      boolean told =
          (name.equals(SESSION) && !other.written) || (other.name.equals(SESSION) && !written);
      return !told && place(path).equals(place(other.path));
    }
  }

  /**
   * Refuses a command line that has a file written and named a second time.
   *
   * @throws UsageException if it has
   */
  public static void check(ParseResult command) {
    List<Named> all = named(command);
    for (int i = 0; i < all.size(); i++) {
      for (Named other : all.subList(i + 1, all.size())) {
        Named one = all.get(i);
        if (one.clashes(other)) {
          throw new UsageException(
              "%s and %s are the same file, %s".formatted(one.name(), other.name(), one.path()),
              "Give each a file of its own.");
        }
      }
    }
  }

  private static List<Named> named(ParseResult command) {
    String name = command.commandSpec().name();
    List<Named> all = new ArrayList<>();
    for (OptionSpec option : command.matchedOptions()) {
      String longest = option.longestName();
      boolean written =
          WRITTEN.contains(longest) || (longest.equals("--imatrix") && name.equals("trace"));
      if (!SHARED.contains(longest)) {
        paths(option).forEach(path -> all.add(new Named(longest, path, written, false)));
      }
    }
    for (PositionalParamSpec parameter : command.matchedPositionals()) {
      String label = parameter.paramLabel();
      paths(parameter).forEach(p -> all.add(new Named(label, p, label.equals("OUT"), true)));
    }
    return all;
  }

  private static Stream<Path> paths(ArgSpec argument) {
    Object value = argument.getValue();
    Stream<?> values = value instanceof Collection<?> many ? many.stream() : Stream.of(value);
    return values.filter(Path.class::isInstance).map(Path.class::cast).filter(Outputs::isKept);
  }

  /** Standard input and the like of /dev/null are nobody's. */
  private static boolean isKept(Path path) {
    return !path.toString().equals("-")
        && (!Files.exists(path) || Files.isRegularFile(path) || Files.isDirectory(path));
  }

  /** Where a file is or will be, by whatever names and links it is reached. */
  private static Path place(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    try {
      if (Files.exists(path)) {
        return path.toRealPath();
      }
      Path parent = path.toAbsolutePath().getParent();
      return parent == null ? absolute : parent.toRealPath().resolve(path.getFileName());
    } catch (IOException e) {
      return absolute;
    }
  }
}
