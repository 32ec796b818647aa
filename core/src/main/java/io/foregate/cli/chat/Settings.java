package io.foregate.cli.chat;

import io.foregate.cli.output.SamplingInForce;
import io.foregate.cli.terminal.UsageException;
import io.foregate.error.ForegateException;
import io.foregate.options.GenerateOptions;
import io.foregate.options.Sampling;
import io.foregate.report.Table;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/** What {@code /set} can change of the answers, under the names that the command line has. */
final class Settings {
  /** Names that ollama and OpenAI's API have for them. */
  private static final Map<String, String> OTHER_NAMES =
      Map.of(
          "temperature", "temp",
          "n", "max-tokens",
          "num-predict", "max-tokens",
          "repetition-penalty", "repeat-penalty");

  private static final List<Setting> ALL =
      List.of(
          sampled("temp", "X", Sampling::temperature, (s, v) -> s.withTemperature(real(v))),
          sampled("top-k", "N", Sampling::topK, (s, v) -> s.withTopK(whole(v))),
          sampled("top-p", "X", Sampling::topP, (s, v) -> s.withTopP(real(v))),
          sampled("min-p", "X", Sampling::minP, (s, v) -> s.withMinP(real(v))),
          sampled(
              "repeat-penalty",
              "X",
              Sampling::repeatPenalty,
              (s, v) -> s.withRepeatPenalty(real(v))),
          sampled(
              "repeat-last-n", "N", Sampling::repeatLastN, (s, v) -> s.withRepeatLastN(whole(v))),
          new Setting("seed", "N", o -> o.given().seed(), (o, v) -> o.withSeed(Long.parseLong(v))),
          new Setting(
              "max-tokens",
              "N",
              o -> o.given().maxTokens(),
              (o, v) -> o.withMaxTokens(maxTokens(v))),
          new Setting(
              "stop",
              "TEXT",
              o -> o.given().stop().isEmpty() ? "none" : String.join(" | ", o.given().stop()),
              (o, v) -> v.equals("none") ? o.withStop() : o.withStop(v)));

  private Settings() {}

  /**
   * One of them.
   *
   * @param kind what its value is, for people
   * @param show the value that holds, and whence it is where that is not plain
   * @param change throws NumberFormatException for a value that is no number
   */
  record Setting(
      String name,
      String kind,
      Function<SamplingInForce, Object> show,
      BiFunction<GenerateOptions, String, GenerateOptions> change) {}

  private static Setting sampled(
      String name,
      String kind,
      Function<Sampling, Optional<?>> value,
      BiFunction<Sampling, String, Sampling> change) {
    return new Setting(
        name,
        kind,
        now -> now.show(value),
        (options, text) -> options.withSampling(change.apply(options.sampling(), text)));
  }

  private static float real(String text) {
    return Float.parseFloat(text);
  }

  private static int whole(String text) {
    return Integer.parseInt(text);
  }

  private static int maxTokens(String value) {
    int tokens = Integer.parseInt(value);
    if (tokens < -1) {
      throw new UsageException(
          "max-tokens is %d, expected 0 or more, or -1 for as many as fit".formatted(tokens),
          "For instance: /set max-tokens -1");
    }
    return tokens;
  }

  static List<String> names() {
    return ALL.stream().map(Setting::name).toList();
  }

  /** The setting of that name, written as on the command line, in Python, or by another program. */
  static Optional<Setting> named(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replace('_', '-').replaceFirst("^--?", "");
    String ours = OTHER_NAMES.getOrDefault(plain, plain);
    return ALL.stream().filter(setting -> setting.name().equals(ours)).findFirst();
  }

  /** Adds the values that hold now to a table. */
  static void show(SamplingInForce now, Table table) {
    ALL.forEach(setting -> table.row(setting.name(), setting.show().apply(now).toString()));
  }

  /**
   * The options with one of them changed.
   *
   * @throws UsageException if the value is none for it
   */
  static GenerateOptions change(GenerateOptions options, Setting setting, String value) {
    try {
      return setting.change().apply(options, value);
    } catch (UsageException e) {
      throw e;
    } catch (ForegateException e) {
      throw new UsageException(e.getMessage(), example(setting));
    } catch (NumberFormatException e) {
      boolean whole = setting.kind().equals("N");
      throw new UsageException(
          "%s is '%s', expected %s"
              .formatted(setting.name(), value, whole ? "a whole number" : "a number"),
          example(setting));
    }
  }

  private static String example(Setting setting) {
    String value =
        switch (setting.kind()) {
          case "N" -> "40";
          case "X" -> "0.9";
          default -> "none";
        };
    return "For instance: /set %s %s".formatted(setting.name(), value);
  }

  /** The name that is nearest to what was written, if any is near: a letter or two apart. */
  static Optional<String> nearest(String written, List<String> names) {
    return names.stream()
        .filter(name -> distance(written, name) <= (name.length() + 1) / 3)
        .min((a, b) -> Integer.compare(distance(written, a), distance(written, b)));
  }

  /** Letters to add, drop or replace (Levenshtein). */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
