package io.foregate.cli.flag;

import io.foregate.cli.terminal.Terminal;
import io.foregate.cli.terminal.UsageException;
import io.foregate.error.ForegateException;
import io.foregate.options.GenerateOptions;
import io.foregate.options.Sampling;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Option;

/** Options of every command that generates text; what is not given keeps the library's default. */
public final class GenerationFlags {
  /** As in llama.cpp. */
  private static final long ANOTHER_SEED = -1;

  @Option(
      names = {"-n", "--max-tokens", "--n-predict", "--predict"},
      paramLabel = "N",
      description =
          "The most tokens to make; -1 for as many as fit. Default: "
              + GenerateOptions.DEFAULT_MAX_TOKENS
              + ", or -1 for the answers of a model made for chats.")
  private Integer maxTokens;

  @Option(
      names = {"--temp", "--temperature"},
      paramLabel = "X",
      description =
          "Temperature; 0 always takes the most probable token. Default: the model file's, or "
              + Sampling.USUAL_TEMPERATURE
              + ".")
  private Float temperature;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description =
          "Choose among the N most probable tokens; 0 for all. Default: the model file's, or "
              + Sampling.USUAL_TOP_K
              + ".")
  private Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "X",
      description =
          "... that together reach this probability; 1 for all. Default: the model file's, or "
              + Sampling.USUAL_TOP_P
              + ".")
  private Float topP;

  @Option(
      names = "--min-p",
      paramLabel = "X",
      description =
          "... that have this share of the most probable one's. Default: the model file's, or "
              + Sampling.USUAL_MIN_P
              + ".")
  private Float minP;

  @Option(
      names = "--repeat-penalty",
      paramLabel = "X",
      description =
          "Make recent tokens less probable; 1 does nothing. Default: the model file's, or "
              + Sampling.USUAL_REPEAT_PENALTY
              + ".")
  private Float repeatPenalty;

  @Option(
      names = "--repeat-last-n",
      paramLabel = "N",
      description =
          "How many tokens are recent; -1 for all, 0 for none. Default: the model file's, or "
              + Sampling.USUAL_REPEAT_LAST_N
              + ".")
  private Integer repeatLastN;

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "N",
      description =
          "The same seed gives the same text; -1 takes another one each time, and says which."
              + " Default: "
              + GenerateOptions.DEFAULT_SEED
              + ".")
  private Long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End the text before this; may be repeated.")
  private List<String> stop = List.of();

  /** What to generate with; sampling that was not given is left open. */
  public GenerateOptions options(Terminal terminal) {
    return options(terminal, GenerateOptions.defaults().maxTokens());
  }

  /**
   * As the other.
   *
   * @param usualTokens the most tokens where that was not given
   */
  public GenerateOptions options(Terminal terminal, int usualTokens) {
    if (seed != null && seed == ANOTHER_SEED) {
      seed = (long) ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);
      terminal.message("foregate: --seed %d gives this text again.".formatted(seed));
    }
    try {
      return given(usualTokens);
    } catch (ForegateException e) {
      throw new UsageException(e.getMessage(), "--help lists the options and their defaults.");
    }
  }

  private GenerateOptions given(int usualTokens) {
    var sampling =
        new Sampling(
            Optional.ofNullable(temperature),
            Optional.ofNullable(topK),
            Optional.ofNullable(topP),
            Optional.ofNullable(minP),
            Optional.ofNullable(repeatPenalty),
            Optional.ofNullable(repeatLastN).map(GenerationFlags::all));
    return new GenerateOptions(
        or(maxTokens, usualTokens),
        sampling,
        or(seed, GenerateOptions.defaults().seed()),
        stop,
        false);
  }

  /** A window, where -1 is as large as any context. */
  private static int all(int window) {
    return window < 0 ? Integer.MAX_VALUE : window;
  }

  private static <T> T or(T given, T fallback) {
    return given == null ? fallback : given;
  }
}
