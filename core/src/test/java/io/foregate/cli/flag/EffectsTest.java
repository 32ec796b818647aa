package io.foregate.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Commands;
import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** No option is ignored without a word. */
class EffectsTest {
  /** Options that always do something, or that say themselves where they cannot. */
  private static final Set<String> ALWAYS =
      Set.of(
          "--help --version --verbose --model --ctx --threads --kv-type --backend --policy --timeline"
              .split(" "));

  /** Options that always do something, of single commands. */
  private static final Set<String> ALWAYS_HERE =
      Set.of(
          ("run: --max-tokens --temp --stop --prompt --file --parse-special --session --stats"
                  + " --json\n"
                  + "chat: --max-tokens --temp --stop --prompt --system --session --stats --json"
                  + " --no-history\n"
                  + "eval: --tokens --top --one-by-one --json\n"
                  + "perplexity: --file --chunks --kl-divergence --json\n"
                  + "inspect: --tensors --metadata --vram --json\n"
                  + "bench: --n-prompt --n-gen -pg --repetitions --no-warmup --json\n"
                  + "trace: --text --out --imatrix --tokens --force\n"
                  + "simulate: --trace --profile --expert-slots --link-gbps --warmup --json --out\n"
                  + "align: --text --holdout --horizon --hidden --tokens --round-tokens --passes --out"
                  + " --report --resume --seed --json --force\n"
                  + "quantize: --experts --shared-experts --feed-forward --attention --embedding"
                  + " --output --per-layer --method --split-max-size --split-max-tensors --force --json"
                  + " --report\n"
                  + "merge: --force --json\n"
                  + "convert: --out --outtype --pre --name --split-max-size --split-max-tensors --force"
                  + " --json\n"
                  + "template: --messages --tools --bos --eos --no-generation-prompt --tokens --json\n"
                  + "devices: --json")
              .split("\n"));

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  /** A new option must be thought about: when does it have no effect? */
  @Test
  void everyOptionIsInTheTableOrHasAnEffect() {
    Set<String> unknown = new TreeSet<>();
    for (CommandLine command : Commands.all()) {
      for (OptionSpec option : command.getCommandSpec().options()) {
        String name = OptionRanges.name(option);
        if (!ALWAYS.contains(name)
            && !hasEffectIn(command.getCommandName(), name)
            && Effects.TABLE.stream().noneMatch(waste -> waste.options().contains(name))) {
          unknown.add(command.getCommandName() + " " + name);
        }
      }
    }
    assertThat(unknown).isEmpty();
  }

  private static boolean hasEffectIn(String command, String option) {
    return ALWAYS_HERE.stream()
        .filter(line -> line.startsWith(command + ":"))
        .anyMatch(line -> List.of(line.split(" ")).contains(option));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "run -p a --expert-slots 6 | --expert-slots has no effect while all experts are resident",
        "run -p a --link-gbps 1 | --link-gbps has no effect while",
        "run -p a --gates none | --gates has no effect while",
        "run -p a --store ram | --store has no effect while",
        "run -p a --store-folder . | --store-folder has no effect while",
        "run -p a --lock | --lock has no effect while",
        "run -p a --copy-engine cuda | --copy-engine has no effect while",
        "run -p a --policy Resident --lock | --lock has no effect while",
        "chat --expert-slots 6 | --expert-slots has no effect while",
        "eval --tokens 1 --lock | --lock has no effect while",
        "bench --policy resident --expert-slots 6 | --expert-slots has no effect while",
        "run -p a --policy lru --gates none | --gates has no effect with a policy that asks no"
            + " gates",
        "run -p a --policy lru --oracle-trace t | --oracle-trace has no effect without --policy"
            + " oracle",
        "run -p a --policy lru --store ram --store-folder . | --store-folder has no effect with",
        "align --text t --holdout-tokens 5 | --holdout-tokens has no effect without --holdout",
        "trace --text t --imatrix i --horizon 1 | --horizon has no effect without --out",
        "trace --text t --imatrix i --json | --json has no effect without --out",
        "bench --no-warmup --warmup-seconds 1 | --warmup-seconds has no effect with --no-warmup",
        "bench --json -o md | --output has no effect with --json"
      })
  void whatCannotHaveBeenMeantIsRefused(String line, String sentence) {
    String[] words = (line + " -m " + model).split(" ");
    Invocation.of((Object[]) words).fails(ExitCode.USAGE, sentence, "hint: ");
  }

  @Test
  void whatNeedsAnotherOptionOfACommandWithoutModelIsRefused() {
    Invocation.of("inspect", model, "--link-gbps", 5).fails(ExitCode.USAGE, "without --vram");
    Invocation.of("quantize", "--experts=Q4_0", "--method=hqq", "--imatrix=i", model, "out")
        .fails(ExitCode.USAGE, "--imatrix has no effect");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--temp 0 --top-k 5 | --top-k has no effect with --temp 0",
        "--temp 0 --seed 5 | --seed has no effect with --temp 0",
        "--repeat-penalty 1 --repeat-last-n 5 | --repeat-last-n has no effect",
        "--repeat-penalty 1.5 --repeat-last-n 0 | --repeat-penalty has no effect",
        "--force | --force has no effect without --timeline",
        "--json --no-echo | --no-echo has no effect with --json"
      })
  void whatDoesNoHarmIsTold(String line, String sentence) {
    String[] words = ("run -n 1 -p the " + line + " -m " + model).split(" ");
    Invocation run = Invocation.of((Object[]) words);
    assertThat(run.code()).isZero();
    assertThat(run.err().lines()).singleElement().asString().contains(sentence);
    assertThat(run.out()).isNotEmpty();
  }

  @Test
  void whatHasAnEffectIsNotTold() {
    Invocation.of("run", "-m", model, "-p", "a", "-n", 1, "--temp", 1, "--top-k", 3).succeeds();
    Invocation.of(
            "bench",
            "-m",
            model,
            "-p",
            2,
            "-n",
            0,
            "-r",
            1,
            "--no-warmup",
            "-o",
            "csv",
            "--policy",
            "resident,lru",
            "--expert-slots",
            "6,7")
        .succeeds();
  }
}
