package io.foregate.convert;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.convert.family.HfFamily;
import io.foregate.convert.source.HfConfig;
import io.foregate.convert.source.HfJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** What a folder says that a GGUF file has no place for, and that still lets it be converted. */
final class ConversionNotes {
  private static final String WINDOW_KEY = "attention.sliding_window";

  /** YaRN's bounds that readers of GGUF files take for granted. */
  private static final Map<String, Double> BETAS =
      new TreeMap<>(Map.of("beta_fast", 32.0, "beta_slow", 1.0));

  /** Settings that change what is generated, by the value at which they do nothing. */
  private static final Map<String, String> GENERATION =
      new TreeMap<>(
          Map.of(
              "typical_p", "1.0",
              "epsilon_cutoff", "0.0",
              "eta_cutoff", "0.0",
              "no_repeat_ngram_size", "0",
              "encoder_repetition_penalty", "1.0",
              "num_beams", "1",
              "do_sample", "true",
              "guidance_scale", "1.0"));

  private static final List<String> TOKENS =
      List.of("suppress_tokens", "begin_suppress_tokens", "bad_words_ids", "forced_bos_token_id");

  private ConversionNotes() {}

  /**
   * Files of most families have no place for a sliding window, and whoever reads them, llama.cpp
   * too, lets every token see all before it: the same text up to the window, and another beyond.
   */
  static Optional<String> window(HfConfig config, HfFamily family) {
    long window = config.integer("sliding_window").orElse(0);
    boolean kept = family.keys().stream().anyMatch(rule -> rule.key().equals(WINDOW_KEY));
    boolean used = config.bool("use_sliding_window", true);
    boolean matters =
        used
            && window > 0
            && window < config.integer("max_position_embeddings").orElse(Long.MAX_VALUE)
            && !kept;
    return matters
        ? Optional.of(
            "config.json: 'sliding_window' is %d, which GGUF files of architecture %s do not say: beyond that many tokens, the model will see more of the text than it was trained to"
                .formatted(window, family.architecture()))
        : Optional.empty();
  }

  static List<String> yarn(HfConfig config) {
    List<String> notes = new ArrayList<>();
    BETAS.forEach(
        (name, usual) -> {
          OptionalDouble beta = config.real("rope_parameters." + name, "rope_scaling." + name);
          if (beta.isPresent() && beta.getAsDouble() != usual) {
            notes.add(
                "config.json: '%s' of RoPE is %s: readers of the file take it for %s"
                    .formatted(name, beta.getAsDouble(), usual));
          }
        });
    return notes;
  }

  /** Of {@code generation_config.json}. */
  static List<String> generation(Path folder) {
    Optional<JsonNode> settings = HfJson.find(folder.resolve("generation_config.json"));
    if (settings.isEmpty()) {
      return List.of();
    }
    List<String> notes = new ArrayList<>();
    GENERATION.forEach(
        (name, idle) -> {
          JsonNode value = settings.get().path(name);
          if (value.isValueNode() && !value.isNull() && !isIdle(value, idle)) {
            notes.add(withoutPlace(name, value));
          }
        });
    for (String name : TOKENS) {
      JsonNode value = settings.get().path(name);
      if (!value.isMissingNode() && !value.isNull() && !(value.isArray() && value.isEmpty())) {
        notes.add(withoutPlace(name, value));
      }
    }
    return notes;
  }

  private static boolean isIdle(JsonNode value, String idle) {
    return value.isNumber()
        ? value.asDouble() == Double.parseDouble(idle)
        : value.asText().equals(idle);
  }

  private static String withoutPlace(String name, JsonNode value) {
    String text = value.toString();
    String shown = text.length() > 40 ? text.substring(0, 40) + ".." : text;
    return "generation_config.json's '%s' (%s) has no place in the file".formatted(name, shown);
  }
}
