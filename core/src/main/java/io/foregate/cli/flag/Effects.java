package io.foregate.cli.flag;

import io.foregate.cli.terminal.Terminal;
import io.foregate.cli.terminal.UsageException;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.policy.PredictorKind;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import picocli.CommandLine.ParseResult;

/**
 * Options that have no effect beside others: what cannot have been meant is refused, what does no
 * harm is told.
 */
public final class Effects {
  private static final String RESIDENT = "resident";

  /**
   * One kind of waste.
   *
   * @param commands where it is one; empty for all
   * @param options those that have no effect
   * @param idle whether they have none
   * @param refused whether the command stops, or tells and goes on
   * @param why completes "--x has no effect"
   */
  record Waste(
      Set<String> commands,
      List<String> options,
      Predicate<ParseResult> idle,
      boolean refused,
      String why,
      String hint) {

    private static Waste refused(
        List<String> options, Predicate<ParseResult> idle, String why, String hint) {
      return new Waste(Set.of(), options, idle, true, why, hint);
    }

    private static Waste told(List<String> options, Predicate<ParseResult> idle, String why) {
      return new Waste(Set.of(), options, idle, false, why, "");
    }

    private Waste in(String... names) {
      return new Waste(Set.of(names), options, idle, refused, why, hint);
    }

    /** The first of its options that was given for nothing, or {@code null}. */
    String found(ParseResult command) {
      boolean here = commands.isEmpty() || commands.contains(command.commandSpec().name());
      if (!here) {
        return null;
      }
      return options.stream()
          .filter(command::hasMatchedOption)
          .filter(_ -> idle.test(command))
          .findFirst()
          .orElse(null);
    }
  }

  /** Policies that move experts without asking trained gates. */
  private static final String[] WITHOUT_GATES =
      Policy.all().stream()
          .filter(policy -> !policy.keepsAll())
          .filter(policy -> policy.prediction().predictor() != PredictorKind.ALIGNED)
          .map(Policy::name)
          .toArray(String[]::new);

  /** All of them; {@code EffectsTest} holds that every option is here or has an effect. */
  static final List<Waste> TABLE =
      List.of(
          Waste.refused(
                  List.of(
                      "--expert-slots",
                      "--link-gbps",
                      "--store",
                      "--store-folder",
                      "--lock",
                      "--copy-engine",
                      "--oracle-trace"),
                  c -> policies(c, RESIDENT),
                  "while all experts are resident",
                  "Choose how they move, e.g. --policy lookahead.")
              .in("run", "chat", "eval", "perplexity", "bench", "align", "trace"),
          Waste.refused(
                  List.of("--gates"),
                  c -> policies(c, RESIDENT),
                  "while all experts are resident",
                  "Choose how they move, e.g. --policy lookahead.")
              .in("run", "chat", "eval", "perplexity", "bench", "align"),
          Waste.refused(
                  List.of("--gates"),
                  c -> policies(c, WITHOUT_GATES),
                  "with a policy that asks no gates",
                  "--policy lookahead and --policy hybrid do.")
              .in("run", "chat", "eval", "perplexity", "bench", "align"),
          Waste.refused(
              List.of("--oracle-trace"),
              c -> !anyPolicy(c, "oracle"),
              "without --policy oracle",
              "Add that, or leave it out."),
          Waste.refused(
              List.of("--store-folder"),
              c -> is(c, "--store", "ram"),
              "with --store ram, which needs no folder",
              "Say --store file, or leave it out."),
          Waste.refused(
              List.of("--link-gbps"),
              c -> c.commandSpec().findOption("--vram") != null && !c.hasMatchedOption("--vram"),
              "without --vram",
              "Add the GPU's memory, e.g. --vram 8GiB."),
          Waste.refused(
              List.of("--holdout-tokens"),
              c -> !c.hasMatchedOption("--holdout"),
              "without --holdout",
              "Name other text to judge the gates on."),
          Waste.refused(
                  List.of("--horizon", "--generate", "--json", "--gates", "--policy"),
                  c -> !c.hasMatchedOption("--out"),
                  "without --out: --imatrix alone records no trace",
                  "Add --out FILE, or leave it out.")
              .in("trace"),
          Waste.refused(
              List.of("--warmup-seconds"),
              c -> c.hasMatchedOption("--no-warmup"),
              "with --no-warmup",
              "Leave one of them out."),
          Waste.refused(
                  List.of("--output"),
                  c -> c.hasMatchedOption("--json"),
                  "with --json, which is -o json",
                  "Leave one of them out.")
              .in("bench"),
          Waste.refused(
                  List.of("--imatrix"),
                  c -> is(c, "--method", "reference") || is(c, "--method", "hqq"),
                  "with a --method that weighs all inputs alike",
                  "Leave --method out: search uses it.")
              .in("quantize"),
          Waste.told(
                  List.of("--force"),
                  c -> !c.hasMatchedOption("--timeline"),
                  "without --timeline: no file is replaced")
              .in("run", "chat", "eval", "perplexity", "bench"),
          Waste.told(
                  List.of("--force"),
                  c -> !c.hasMatchedOption("--out"),
                  "without --out: no file is replaced")
              .in("simulate"),
          Waste.told(
              List.of("--top-k", "--top-p", "--min-p", "--seed"),
              c -> number(c, "--temp") == 0,
              "with --temp 0, which always takes the most probable token"),
          Waste.told(
              List.of("--repeat-last-n"),
              c -> number(c, "--repeat-penalty") == 1,
              "with --repeat-penalty 1, which does nothing"),
          Waste.told(
              List.of("--repeat-penalty"),
              c -> number(c, "--repeat-last-n") == 0,
              "with --repeat-last-n 0"),
          Waste.told(
                  List.of("--no-echo"),
                  c -> c.hasMatchedOption("--json"),
                  "with --json, which keeps prompt and text apart")
              .in("run"));

  private Effects() {}

  /**
   * Tells of the given options that have no effect.
   *
   * @throws UsageException for the first of those that cannot have been meant
   */
  public static void check(ParseResult command, Terminal terminal) {
    for (Waste waste : TABLE) {
      String option = waste.found(command);
      if (option == null) {
        continue;
      }
      String sentence = "%s has no effect %s".formatted(option, waste.why());
      if (waste.refused()) {
        throw new UsageException(sentence, waste.hint());
      }
      terminal.message("foregate: " + sentence + ".");
    }
  }

  /** Whether all policies that were asked for are among some. */
  private static boolean policies(ParseResult command, String... names) {
    return Set.of(names).containsAll(given(command, "--policy", RESIDENT));
  }

  private static boolean anyPolicy(ParseResult command, String name) {
    return given(command, "--policy", RESIDENT).contains(name);
  }

  private static boolean is(ParseResult command, String option, String value) {
    return given(command, option, "").equals(List.of(value));
  }

  /** A number that was given; NaN, which is equal to none, if it was not. */
  private static double number(ParseResult command, String option) {
    return command.hasMatchedOption(option)
        ? ((Number) command.matchedOption(option).getValue()).doubleValue()
        : Double.NaN;
  }

  /** Values as they were written, in lower case. */
  private static List<String> given(ParseResult command, String option, String fallback) {
    if (!command.hasMatchedOption(option)) {
      return List.of(fallback);
    }
    return command.matchedOption(option).originalStringValues().stream()
        .flatMap(text -> List.of(text.split(",")).stream())
        .map(text -> text.strip().toLowerCase(Locale.ROOT))
        .toList();
  }
}
