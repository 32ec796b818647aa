package io.foregate.cli.output;

import com.fasterxml.jackson.annotation.JsonValue;
import io.foregate.Model;
import io.foregate.options.GenerateOptions;
import io.foregate.options.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What tokens are picked by, and who said so: the user, the model's file, or nobody.
 *
 * @param given what the user said
 * @param file what the model's file recommends
 */
public record SamplingInForce(GenerateOptions given, Sampling file) {
  public static SamplingInForce of(GenerateOptions given, Model model) {
    return new SamplingInForce(given, model.sampling());
  }

  /** What it is in JSON; {@code fromFile} has the names of the file's values. */
  record Report(
      float temperature,
      int topK,
      float topP,
      float minP,
      float repeatPenalty,
      int repeatLastN,
      long seed,
      List<String> fromFile) {}

  /** Nothing left open. */
  private Sampling all() {
    return given.sampling().or(file).or(Sampling.usual());
  }

  /** A value, with who said it where it was not the user: "0.6 (file)". */
  public String show(Function<Sampling, Optional<?>> value) {
    String shown = value.apply(all()).orElseThrow().toString();
    if (value.apply(given.sampling()).isPresent()) {
      return shown;
    }
    return shown + (value.apply(file).isPresent() ? " (file)" : " (default)");
  }

  /** In a line; what does nothing is left out. */
  public String text() {
    List<String> parts = new ArrayList<>();
    parts.add("temp " + show(Sampling::temperature));
    Sampling all = all();
    if (all.temperature().orElseThrow() > 0) {
      parts.add("top-k " + show(Sampling::topK));
      parts.add("top-p " + show(Sampling::topP));
      parts.add("min-p " + show(Sampling::minP));
    }
    if (all.repeatPenalty().orElseThrow() != 1) {
      parts.add("repeat-penalty " + show(Sampling::repeatPenalty));
      parts.add("repeat-last-n " + show(Sampling::repeatLastN));
    }
    if (all.temperature().orElseThrow() > 0) {
      parts.add("seed " + given.seed());
    }
    return String.join(", ", parts);
  }

  @JsonValue
  Report report() {
    Sampling all = all();
    List<String> fromFile = new ArrayList<>();
    addIfFiles(fromFile, "temperature", Sampling::temperature);
    addIfFiles(fromFile, "top_k", Sampling::topK);
    addIfFiles(fromFile, "top_p", Sampling::topP);
    addIfFiles(fromFile, "min_p", Sampling::minP);
    addIfFiles(fromFile, "repeat_penalty", Sampling::repeatPenalty);
    addIfFiles(fromFile, "repeat_last_n", Sampling::repeatLastN);
    return new Report(
        all.temperature().orElseThrow(),
        all.topK().orElseThrow(),
        all.topP().orElseThrow(),
        all.minP().orElseThrow(),
        all.repeatPenalty().orElseThrow(),
        all.repeatLastN().orElseThrow(),
        given.seed(),
        fromFile);
  }

  private void addIfFiles(List<String> names, String name, Function<Sampling, Optional<?>> value) {
    if (value.apply(given.sampling()).isEmpty() && value.apply(file).isPresent()) {
      names.add(name);
    }
  }
}
