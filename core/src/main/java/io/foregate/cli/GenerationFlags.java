package io.foregate.cli;

import io.foregate.GenerateOptions;
import io.foregate.error.ForegateException;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of every command that generates text; what is not given keeps the library's default. */
final class GenerationFlags {
  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      description =
          "The most tokens to make; -1 for as many as fit. Default: 128, or -1 for the answers of a"
              + " model made for chats.")
  private Integer maxTokens;

  @Option(
      names = "--temp",
      paramLabel = "X",
      description = "Temperature; 0 always takes the most probable token. Default: 0.8.")
  private Float temperature;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Choose among the N most probable tokens; 0 for all. Default: 40.")
  private Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "X",
      description = "... that together reach this probability; 1 for all. Default: 0.95.")
  private Float topP;

  @Option(
      names = "--min-p",
      paramLabel = "X",
      description = "... that have this share of the most probable one's. Default: 0.05.")
  private Float minP;

  @Option(
      names = "--repeat-penalty",
      paramLabel = "X",
      description = "Make recent tokens less probable; 1 does nothing. Default: 1.")
  private Float repeatPenalty;

  @Option(
      names = "--repeat-last-n",
      paramLabel = "N",
      description = "How many tokens are recent. Default: 64.")
  private Integer repeatLastN;

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "N",
      description = "The same seed gives the same text. Default: 0.")
  private Long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End the text before this; may be repeated.")
  private List<String> stop = List.of();

  /** What to generate with. */
  GenerateOptions options() {
    return options(GenerateOptions.defaults());
  }

  /** What to generate with, where what is not given has other defaults. */
  GenerateOptions options(GenerateOptions defaults) {
    if (maxTokens != null) {
      Flags.requireCountOrAll("--max-tokens", maxTokens, 0);
    }
    try {
      return given(defaults);
    } catch (ForegateException e) {
      throw new UsageException(e.getMessage(), "--help lists the options and their defaults.");
    }
  }

  private GenerateOptions given(GenerateOptions defaults) {
    return new GenerateOptions(
        or(maxTokens, defaults.maxTokens()),
        or(temperature, defaults.temperature()),
        or(topK, defaults.topK()),
        or(topP, defaults.topP()),
        or(minP, defaults.minP()),
        or(repeatPenalty, defaults.repeatPenalty()),
        or(repeatLastN, defaults.repeatLastN()),
        or(seed, defaults.seed()),
        stop);
  }

  private static <T> T or(T given, T fallback) {
    return given == null ? fallback : given;
  }
}
