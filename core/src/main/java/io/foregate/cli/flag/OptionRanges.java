package io.foregate.cli.flag;

import io.foregate.cli.terminal.UsageException;
import io.foregate.options.ModelOptions;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * What the numbers of all commands' options must be. llama.cpp's conventions hold where it has the
 * option: -1 tokens are as many as fit, a context of 0 is the model's own.
 */
public final class OptionRanges {
  /** Threads that are more than this many times the cores are a slip of the finger. */
  private static final int THREADS_PER_CORE = 4;

  /** Threads that are allowed on a small machine, too: results are compared across numbers. */
  private static final int ALWAYS_ALLOWED_THREADS = 64;

  private static final String DEFAULT = "Leave it out for the default.";
  private static final String LINK = "PCIe 4.0 x16 copies about 25 GB/s.";

  private static final List<NumberRange> TABLE =
      List.of(
          NumberRange.from("--ctx", 0, "0 is the model's whole context."),
          NumberRange.from("--threads", 1, threadsHint()).to(mostThreads()),
          NumberRange.from("--max-tokens", 0, "Only -1 means no limit.")
              .orMinusOne("as many as fit"),
          NumberRange.from("--temp", 0, "A temperature of 0 takes the most probable token."),
          NumberRange.from("--top-k", 0, "0 keeps all tokens."),
          NumberRange.above("--top-p", 0, "1 keeps all tokens.").to(1),
          NumberRange.from("--min-p", 0, "0 keeps all tokens.").to(1),
          NumberRange.above("--repeat-penalty", 0, "1 does nothing."),
          NumberRange.from("--repeat-last-n", 0, "0 is none of them.").orMinusOne("all of them"),
          NumberRange.from("--seed", Long.MIN_VALUE, "-1 takes another one each time."),
          NumberRange.from("--link-gbps", 0, LINK),
          NumberRange.above("inspect --link-gbps", 0, LINK),
          NumberRange.above("simulate --link-gbps", 0, LINK),
          NumberRange.from("eval --tokens", 0, "Ids are numbers from 0 to the vocabulary's size."),
          NumberRange.from("--top", 1, "Try --top 16."),
          NumberRange.from("--chunks", 1, DEFAULT).orMinusOne("all"),
          NumberRange.from("--horizon", 1, DEFAULT),
          NumberRange.from("--hidden", 0, DEFAULT),
          NumberRange.from("align --tokens", 1, DEFAULT),
          NumberRange.from("trace --tokens", 1, DEFAULT).orMinusOne("all"),
          NumberRange.from("--holdout-tokens", 1, DEFAULT),
          NumberRange.from("--round-tokens", 1, DEFAULT),
          NumberRange.from("--passes", 1, DEFAULT),
          NumberRange.from("--generate", 0, DEFAULT),
          NumberRange.from("--n-prompt", 0, "0 times no prefill."),
          NumberRange.from("--n-gen", 0, "0 times no decode."),
          NumberRange.from("--repetitions", 1, "llama-bench's default is 5."),
          NumberRange.from("--warmup-seconds", 0, "--no-warmup times cold code."),
          NumberRange.from("--warmup", 0, DEFAULT),
          NumberRange.from("--split-max-tensors", 1, "Leave it out for one file."));

  private OptionRanges() {}

  private static int mostThreads() {
    int cores = Runtime.getRuntime().availableProcessors();
    return Math.clamp(
        (long) THREADS_PER_CORE * cores, ALWAYS_ALLOWED_THREADS, ModelOptions.MAX_THREADS);
  }

  private static String threadsHint() {
    int cores = Runtime.getRuntime().availableProcessors();
    return "More threads than cores are no faster, and there are %d cores here: leave it out for one each."
        .formatted(cores);
  }

  /** What an option's numbers must be; empty for one that takes none. */
  static Optional<NumberRange> of(String command, OptionSpec option) {
    if (!isNumeric(option)) {
      return Optional.empty();
    }
    String name = name(option);
    return TABLE.stream()
        .filter(range -> range.option().equals(command + " " + name))
        .findFirst()
        .or(() -> TABLE.stream().filter(range -> range.option().equals(name)).findFirst());
  }

  /** Whether an option takes a number, or some. */
  static boolean isNumeric(OptionSpec option) {
    Class<?> type = option.auxiliaryTypes()[0];
    Class<?> one = type.isArray() ? type.getComponentType() : type;
    boolean number = one.isPrimitive() || Number.class.isAssignableFrom(one);
    // Sizes have units, and say themselves what is wrong with them.
    return number && one != boolean.class && option.converters().length == 0;
  }

  /** The first long name, under which messages name an option. */
  static String name(OptionSpec option) {
    for (String name : option.names()) {
      if (name.startsWith("--")) {
        return name;
      }
    }
    return option.names()[0];
  }

  /**
   * Holds the given options to the table.
   *
   * @throws UsageException for the first number that is out of its range
   */
  public static void check(ParseResult command) {
    for (OptionSpec option : command.matchedOptions()) {
      of(command.commandSpec().name(), option).ifPresent(range -> check(option, range));
    }
  }

  private static void check(OptionSpec option, NumberRange range) {
    for (double value : numbers(option.getValue())) {
      if (!range.holds(value)) {
        throw new UsageException(
            "%s is %s, expected %s"
                .formatted(name(option), NumberRange.text(value), range.expected()),
            range.hint());
      }
    }
  }

  private static List<Double> numbers(Object value) {
    List<Double> numbers = new ArrayList<>();
    switch (value) {
      case Number number -> numbers.add(number.doubleValue());
      case Collection<?> all -> all.forEach(one -> numbers.add(((Number) one).doubleValue()));
      default -> {
        for (int i = 0; i < Array.getLength(value); i++) {
          numbers.add(((Number) Array.get(value, i)).doubleValue());
        }
      }
    }
    return numbers;
  }
}
