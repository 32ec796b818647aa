package io.foregate.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Cli;
import io.foregate.error.ForegateException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The library speaks of settings, the command line of flags. */
class HintsTest {
  private static final Path SOURCES = Path.of("src/main/java/io/foregate");
  private static final Path TORNADO = Path.of("../tornado/src/main/java");
  private static final Pattern FLAG = Pattern.compile("\"[^\"\\n]*(?<![\\w-])--[a-z][^\"\\n]*\"");
  private static final Pattern SETTING = Pattern.compile("\\[\\[([a-zA-Z. ]+)[=\\]]");
  private static final Pattern LOUD = Pattern.compile("\\bLevel\\.(INFO|WARNING|ERROR)\\b");

  private static List<Path> library() throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path root : List.of(SOURCES, TORNADO)) {
      try (Stream<Path> files = Files.walk(root)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .filter(file -> !file.startsWith(SOURCES.resolve("cli")))
            .forEach(all::add);
      }
    }
    assertThat(all).hasSizeGreaterThan(300);
    return all;
  }

  private static List<String> found(Pattern pattern, int group) throws IOException {
    List<String> all = new ArrayList<>();
    for (Path file : library()) {
      pattern.matcher(Files.readString(file)).results().map(m -> m.group(group)).forEach(all::add);
    }
    return all;
  }

  @Test
  void theLibraryNamesNoFlags() throws IOException {
    List<String> flags = found(FLAG, 0);
    // Those of other programs.
    flags.removeIf(
        text -> text.contains("--add-modules") || text.contains("llama-imatrix --in-file"));
    assertThat(flags).isEmpty();
  }

  @Test
  void everySettingOfAHintHasAFlagThatIsThere() throws IOException {
    var none = new ByteArrayOutputStream();
    var input = new ByteArrayInputStream(new byte[0]);
    var terminal = new Terminal(input, none, none, false, false, false, StandardCharsets.UTF_8);
    List<String> flags =
        Cli.commands(new Shell(terminal, new Cancellation())).getSubcommands().values().stream()
            .map(command -> command.getCommandSpec().optionsMap().keySet())
            .flatMap(Collection::stream)
            .toList();
    assertThat(found(SETTING, 1))
        .hasSizeGreaterThan(20)
        .allSatisfy(
            setting ->
                assertThat(Hints.FLAGS.containsKey(setting) || Hints.WORDS.containsKey(setting))
                    .as(setting)
                    .isTrue());
    assertThat(flags).containsAll(Hints.FLAGS.values());
  }

  @Test
  void aHintIsToldInTheTermsOfWhoReadsIt() {
    var e = new ForegateException("No.", "Take a larger [[context]], or [[policy=lookahead]].");
    assertThat(e.hint()).isEqualTo("Take a larger context, or policy lookahead.");
    assertThat(e.rawHint()).isEqualTo("Take a larger [[context]], or [[policy=lookahead]].");
    assertThat(Hints.of(e)).isEqualTo("Take a larger context (--ctx), or --policy lookahead.");
    var plain = new ForegateException("No.", "{{ [['a'][0]] }} and $1 \\ stay.");
    assertThat(Hints.of(plain))
        .isEqualTo(plain.hint())
        .isEqualTo("{{ [['a'][0]] }} and $1 \\ stay.");
  }

  @Test
  void theLibraryLogsNothingThatIsPrintedUnasked() throws IOException {
    assertThat(found(LOUD, 0)).isEmpty();
  }

  @Test
  void aHintSaysNothingTwice() throws IOException {
    var force = new ForegateException("No.", "Choose another name, or [[replace it]].");
    assertThat(force.hint()).isEqualTo("Choose another name, or replace it.");
    assertThat(Hints.of(force)).isEqualTo("Choose another name, or replace it with --force.");
    var chat = new ForegateException("No.", "Go on with [[Model.chat]].");
    assertThat(chat.hint()).isEqualTo("Go on with Model.chat.");
    assertThat(Hints.of(chat)).isEqualTo("Go on with 'foregate chat'.");
    // A flag comes in brackets: within others it would be (force (--force)).
    assertThat(found(Pattern.compile("\\(\\[\\[[a-zA-Z. ]+\\]\\]"), 0)).isEmpty();
  }
}
