package io.foregate.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Commands;
import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Every number that a command line may hold is checked before anything is done. */
class RangesTest {
  /** What commands must be given besides the option; no file is there. */
  private static final Map<String, List<String>> REQUIRED =
      Map.ofEntries(
          Map.entry("run", List.of("-m", "none.gguf")),
          Map.entry("chat", List.of("-m", "none.gguf")),
          Map.entry("eval", List.of("-m", "none.gguf", "--tokens", "1")),
          Map.entry("perplexity", List.of("-m", "none.gguf", "-f", "none")),
          Map.entry("bench", List.of("-m", "none.gguf")),
          Map.entry("trace", List.of("-m", "none.gguf", "--text=none", "-o", "none")),
          Map.entry("align", List.of("-m", "none.gguf", "--text=none")),
          Map.entry("simulate", List.of("--trace", "none")),
          Map.entry("inspect", List.of("none.gguf")),
          Map.entry("quantize", List.of("none.gguf", "out.gguf")),
          Map.entry("convert", List.of("none")));

  @TempDir private Path folder;

  /** A command's option that takes numbers. */
  record Numeric(String command, OptionSpec option) {
    @Override
    public String toString() {
      return command + " " + OptionRanges.name(option);
    }
  }

  static List<Numeric> numericOptions() {
    List<Numeric> all = new ArrayList<>();
    for (CommandLine command : Commands.all()) {
      for (OptionSpec option : command.getCommandSpec().options()) {
        if (OptionRanges.isNumeric(option)) {
          all.add(new Numeric(command.getCommandName(), option));
        }
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("numericOptions")
  void everyNumberHasARange(Numeric numeric) {
    NumberRange range = OptionRanges.of(numeric.command(), numeric.option()).orElseThrow();
    for (String bad : outside(range, isFraction(numeric.option()))) {
      List<Object> words = new ArrayList<>();
      words.add(numeric.command());
      words.addAll(REQUIRED.get(numeric.command()));
      words.add(OptionRanges.name(numeric.option()) + "=" + bad);
      if (numeric.command().equals("eval") && words.contains("--tokens")) {
        words.removeAll(List.of("--tokens", "1"));
        words.add(numeric.option().longestName().equals("--tokens") ? "--json" : "--tokens=1");
      }
      Invocation.of(words.toArray())
          .fails(
              ExitCode.USAGE,
              OptionRanges.name(numeric.option()) + " is " + bad,
              "expected " + range.expected());
    }
  }

  private static boolean isFraction(OptionSpec option) {
    return Stream.of(double.class, Double.class, float.class, Float.class)
        .anyMatch(option.auxiliaryTypes()[0]::equals);
  }

  private static List<String> outside(NumberRange range, boolean fraction) {
    List<String> bad = new ArrayList<>();
    if (range.least() > Integer.MIN_VALUE) {
      bad.add(range.minusOne().isEmpty() && !range.above() ? one(range.least() - 1) : "-2");
    }
    if (range.above()) {
      bad.add(one(range.least()));
    }
    if (range.most() < Double.POSITIVE_INFINITY) {
      bad.add(one(range.most() + 1));
    }
    if (fraction) {
      bad.addAll(List.of("NaN", "Infinity"));
    }
    return bad;
  }

  private static String one(double value) {
    return NumberRange.text(value);
  }

  @ParameterizedTest
  @CsvSource({
    "-t, 0, '--threads is 0, expected 1 to '",
    "-t, 5000, '--threads is 5000, expected 1 to '",
    "-t, -1, '--threads is -1'",
    "-c, -1, '--ctx is -1, expected 0 or more'",
    "-n, -2, 'expected 0 or more, or -1 for as many as fit'",
    "--top-p, 2, 'expected above 0, up to 1'",
    "--temp, NaN, '--temp is NaN'",
    "--repeat-penalty, 0, 'expected above 0'"
  })
  void whatUsersTry(String option, String value, String expected) {
    Invocation.of("run", "-m", "none.gguf", "-p", "a", option, value)
        .fails(ExitCode.USAGE, expected);
  }

  @Test
  void llamaCppsConventionsHold() {
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    Object[] whole = {"run", "-m", model, "-p", "the", "-n", -1, "--ctx-size", 0, "--temp", 0};
    Invocation run = Invocation.of(whole);
    assertThat(run.err()).contains("context of " + TinyGguf.CONTEXT + " tokens is full");
    Invocation.of("run", "-m", model, "-p", "the", "--n-predict", 2, "--repeat-last-n", -1)
        .succeeds();
    Invocation another = Invocation.of("run", "-m", model, "-p", "the", "-n", 9, "--seed", -1);
    String seed = another.err().replaceAll("\\D+", "");
    assertThat(another.err()).contains("--seed " + seed + " gives this text again");
    assertThat(Invocation.of("run", "-m", model, "-p", "the", "-n", 9, "--seed", seed).out())
        .isEqualTo(another.out());
  }
}
