package io.foregate.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Commands;
import io.foregate.cli.Invocation;
import io.foregate.options.ModelOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Help is read from its beginning: what must be given comes first, then one group after another.
 */
class HelpTest {
  private static final String EXPERTS = "Experts that do not fit the device:";

  static List<String> names() {
    return Commands.all().stream().map(CommandLine::getCommandName).toList();
  }

  private static List<String> lines(String command) {
    return Invocation.of(command, "--help").succeeds().out().lines().toList();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyOptionIsShownOnceUnderAHeading(String name) {
    CommandLine command =
        Commands.all().stream()
            .filter(c -> c.getCommandName().equals(name))
            .findFirst()
            .orElseThrow();
    List<String> shown = new ArrayList<>(lines(name));
    for (OptionSpec option : command.getCommandSpec().options()) {
      String first = option.names()[0];
      assertThat(shown)
          .as(first)
          .filteredOn(line -> line.matches("  *(-\\S+, *)*" + first + "([ =,\\[].*)?"))
          .hasSize(1);
      assertThat(shown).contains(HelpLayout.group(command.getCommandSpec(), option) + ":");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "chat", "eval", "perplexity", "bench", "trace", "align"})
  void requiredOptionsComeFirst(String command) {
    List<String> shown = lines(command);
    assertThat(shown.getFirst()).startsWith("Usage: foregate " + command + " -m FILE");
    assertThat(shown.getFirst()).contains("[OPTIONS]");
    int required = shown.indexOf("Required:");
    assertThat(shown.get(required + 1)).contains("--model=FILE");
    assertThat(shown.indexOf(EXPERTS)).isGreaterThan(required);
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "quantize", "convert", "devices"})
  void commandsThatMoveNoExpertsDoNotShowThatGroup(String command) {
    assertThat(lines(command)).doesNotContain(EXPERTS);
  }

  /** Help of options that take lists has these as text, which nothing else would hold true. */
  @Test
  void benchTellsTheLibrarysDefaults() {
    String help = String.join(" ", lines("bench")).replaceAll("\\s+", " ");
    ModelOptions defaults = ModelOptions.defaults();
    assertThat(help)
        .contains(
            "Type of the KV cache: F16, F32; a list times them all. Default: "
                + defaults.kvType()
                + ".")
        .contains("tornado; a list times them all. Default: " + defaults.backend() + ".")
        .contains("kept; a list times them all. Default: " + defaults.offloading().policy() + ".");
  }

  @Test
  void helpIsACommandToo() {
    assertThat(Invocation.of("help", "run").succeeds().out()).startsWith("Usage: foregate run");
  }
}
