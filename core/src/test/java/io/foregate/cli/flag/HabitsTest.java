package io.foregate.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Commands;
import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Quants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What users of llama.cpp and ollama type is understood, or answered with what to type here. */
class HabitsTest {
  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--?[a-z][a-z-]*");
  private static final Pattern COMMAND = Pattern.compile("'foregate ([a-z]+)");

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  static Collection<String> optionsOfOthers() {
    return new TreeSet<>(Habits.OPTIONS.keySet());
  }

  static Collection<String> commandsOfOthers() {
    return new TreeSet<>(Habits.COMMANDS.keySet());
  }

  @ParameterizedTest
  @MethodSource("optionsOfOthers")
  void optionsOfOthersAreAnswered(String option) {
    String answer = Habits.OPTIONS.get(option);
    Invocation.of("run", "-m", model, option, "9", "-p", "a")
        .fails(ExitCode.USAGE, "foregate run has no option '" + option + "'", "hint: " + answer);
  }

  @ParameterizedTest
  @MethodSource("commandsOfOthers")
  void commandsOfOthersAreAnswered(String command) {
    Invocation.of(command, "llama3")
        .fails(
            ExitCode.USAGE,
            "there is no command '" + command + "'",
            "hint: " + Habits.COMMANDS.get(command));
  }

  /** An answer that names what is not there would be worse than none. */
  @Test
  void answersNameWhatThereIs() {
    Set<String> options = new TreeSet<>(Set.of("-m", "-LO", "--version"));
    Set<String> commands = new TreeSet<>();
    for (CommandLine command : Commands.all()) {
      commands.add(command.getCommandName());
      for (OptionSpec option : command.getCommandSpec().options()) {
        options.addAll(List.of(option.names()));
      }
    }
    Stream.concat(Habits.OPTIONS.values().stream(), Habits.COMMANDS.values().stream())
        .forEach(
            answer -> {
              for (Matcher m = OPTION.matcher(answer); m.find(); ) {
                assertThat(options).as(answer).contains(m.group());
              }
              for (Matcher m = COMMAND.matcher(answer); m.find(); ) {
                assertThat(commands).as(answer).contains(m.group(1));
              }
            });
  }

  /** Where the same thing is here, it has the other's name, too. */
  @ParameterizedTest
  @CsvSource({
    "run, --ctx-size, --ctx",
    "run, --n-predict, --max-tokens",
    "run, --predict, --max-tokens",
    "run, --temperature, --temp",
    "run, --no-display-prompt, --no-echo",
    "chat, --system-prompt, --system",
    "chat, -sys, --system",
    "inspect, --ctx-size, --ctx"
  })
  void theSameThingHasBothNames(String command, String other, String here) {
    OptionSpec option =
        Commands.all().stream()
            .filter(c -> c.getCommandName().equals(command))
            .findFirst()
            .orElseThrow()
            .getCommandSpec()
            .findOption(other);
    assertThat(option.names()).contains(other, here);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-m --model -c --ctx-size -n --predict -t --threads -p --prompt -f --file -s --seed --temp"
            + " --top-k --top-p --min-p --repeat-penalty --repeat-last-n --verbose"
      })
  void llamaCppsNamesAreHere(String names) {
    CommandLine run =
        Commands.all().stream()
            .filter(c -> c.getCommandName().equals("run"))
            .findFirst()
            .orElseThrow();
    Set<String> all = new TreeSet<>(Set.of("--verbose"));
    run.getCommandSpec().options().forEach(option -> all.addAll(List.of(option.names())));
    assertThat(all).contains(names.split(" "));
  }

  @ParameterizedTest
  @CsvSource({
    "https://huggingface.co/x/y/resolve/main/z.gguf, 'is an address, expected a file'",
    "hf.co/x/y, 'is an address, expected a file'",
    "llama3:8b, 'a name in a library of models'",
    "hf.co/x/y:Q4_K_M, 'is an address'",
    "bartowski/Qwen3-30B:Q4_K_M, 'a name in a library of models'",
    "mistralai/Mixtral-8x7B-v0.1, 'looks like a repository of Hugging Face'"
  })
  void modelsThatAreNoFiles(String name, String expected) {
    Invocation.of("run", "-m", name, "-p", "a")
        .fails(ExitCode.USAGE, "'" + name + "'", expected, "downloads n");
    Invocation.of("chat", "--model=" + name).fails(ExitCode.USAGE, expected);
    Invocation.of("inspect", name).fails(ExitCode.USAGE, expected);
    Invocation.of("bench", "-m", model + "," + name).fails(ExitCode.USAGE, expected);
    Invocation.of("convert", name).fails(ExitCode.USAGE, expected);
  }

  @Test
  void foldersAndFilesAreTakenForWhatTheyAre() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    Invocation.of("run", "-m", folder, "-p", "a")
        .fails(ExitCode.USAGE, "is a Hugging Face folder", "foregate convert " + folder);
    Invocation.of("convert", model)
        .fails(ExitCode.USAGE, "is a GGUF file already", "foregate quantize");
    Invocation.of("convert", folder, "out.gguf")
        .fails(ExitCode.USAGE, "one folder", "foregate convert " + folder + " --out out.gguf");
    Invocation.of(model, "-p", "a").fails(ExitCode.USAGE, "foregate run -m " + model);
    Invocation.of("run", model, "the")
        .fails(ExitCode.USAGE, "--model", "foregate run -m MODEL.gguf");
  }

  @ParameterizedTest
  @CsvSource({"Q4_K_M, Q4_K", "q3_k_s, Q3_K", "Q5_K_M, Q5_K", "Q2_K_S, Q2_K", "IQ2_XXS, Q2_K"})
  void typesOfWholeFilesAreAnswered(String type, String here) {
    Path out = folder.resolve("out.gguf");
    Invocation.of("quantize", "--experts", type, model, out)
        .fails(ExitCode.USAGE, "'" + type + "'", "--experts " + here);
    Invocation.of("quantize", model, out, type)
        .fails(ExitCode.USAGE, "'" + type + "'", "--experts " + here);
    Invocation.of("convert", folder, "--outtype", type)
        .fails(ExitCode.USAGE, "'" + type + "'", "foregate quantize --experts " + here);
  }

  /** Whatever can be written is written. */
  @Test
  void noTypeThatCanBeWrittenIsRefused() {
    for (GgmlType type : GgmlType.values()) {
      if (Quants.writes(type)) {
        assertThat(Habits.nearestType(type.name())).as(type.name()).isNull();
      }
    }
  }

  @Test
  void slipsAreAskedAbout() {
    assertThat(Typos.slips("run", "rnu")).isEqualTo(1);
    assertThat(Typos.slips("chat", "chats")).isEqualTo(1);
    assertThat(Typos.slips("bench", "branch")).isEqualTo(2);
    Invocation.of("zzz").fails(ExitCode.USAGE, "no command 'zzz'", "foregate --help");
    Invocation.of("rnu", "-m", model).fails(ExitCode.USAGE, "Did you mean run");
    Invocation.of("run", "-m", model, "-temp", "0", "-p", "a")
        .fails(ExitCode.USAGE, "no option '-temp'", "Did you mean --temp?");
    Invocation.of("run", "-m", model, "--tmep", "0", "-p", "a").fails(ExitCode.USAGE, "--temp");
    Invocation.of("run", "-m", model, "-n5", "-p", "a").succeeds();
  }
}
