package io.foregate.convert.vocabulary;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.convert.source.HfConfig;
import io.foregate.convert.source.HfJson;
import io.foregate.gguf.GgufValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Ids of special tokens, and which of them are put around a text. Looked for in {@code
 * tokenizer_config.json}, {@code special_tokens_map.json} and {@code config.json}, in this order;
 * {@code generation_config.json} adds others that end an answer.
 */
public final class SpecialTokenKeys {
  private static final String PREFIX = "tokenizer.ggml.";

  /** Keys whose tokens end a generation, in llama.cpp, too. */
  private static final List<String> ENDS = List.of("eos_token_id", "eot_token_id", "eom_token_id");

  /** GGUF's key by transformers' word. */
  private static final Map<String, String> KEYS = keys();

  private SpecialTokenKeys() {}

  private static Map<String, String> keys() {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("bos", "bos_token_id");
    keys.put("eos", "eos_token_id");
    keys.put("unk", "unknown_token_id");
    keys.put("sep", "seperator_token_id"); // as GGUF spells it
    keys.put("pad", "padding_token_id");
    keys.put("mask", "mask_token_id");
    return keys;
  }

  static void add(
      Map<String, GgufValue> keys,
      TokenList tokens,
      Path folder,
      HfConfig config,
      Optional<JsonNode> tokenizer,
      Optional<JsonNode> settings) {
    Map<String, Integer> ids = tokens.ids();
    Optional<JsonNode> map = HfJson.find(folder.resolve("special_tokens_map.json"));
    KEYS.forEach(
        (word, key) -> {
          String field = word + "_token";
          Optional<Integer> id =
              settings
                  .flatMap(s -> id(s.path(field), ids))
                  .or(() -> map.flatMap(m -> id(m.path(field), ids)))
                  .or(() -> inside(config.tokenId(field + "_id"), tokens.size()));
          id.ifPresent(value -> keys.put(PREFIX + key, new GgufValue.U32(value)));
        });
    addEnds(keys, folder, config, tokens.size());
    for (String word : new String[] {"bos", "eos"}) {
      adds(word, keys, ids, tokenizer, settings)
          .ifPresent(adds -> keys.put(PREFIX + "add_" + word + "_token", new GgufValue.Bool(adds)));
    }
  }

  private static Optional<Integer> inside(OptionalInt id, int size) {
    return id.isPresent() && id.getAsInt() >= 0 && id.getAsInt() < size
        ? Optional.of(id.getAsInt())
        : Optional.empty();
  }

  /** The id of a token that is given by its text, or in an object of its properties. */
  private static Optional<Integer> id(JsonNode token, Map<String, Integer> ids) {
    String text = token.isObject() ? token.path("content").asText() : token.asText("");
    return Optional.ofNullable(ids.get(text));
  }

  /** Of several tokens that end an answer, the first ones that GGUF has no other key for. */
  private static void addEnds(Map<String, GgufValue> keys, Path folder, HfConfig config, int size) {
    List<String> places = new ArrayList<>(ENDS);
    places.removeIf(place -> keys.containsKey(PREFIX + place));
    for (int id : ends(folder, config)) {
      GgufValue value = new GgufValue.U32(id);
      boolean isNew = ENDS.stream().noneMatch(end -> value.equals(keys.get(PREFIX + end)));
      if (id < size && isNew && !places.isEmpty()) {
        keys.put(PREFIX + places.removeFirst(), value);
      }
    }
  }

  /** The ids of tokens that end an answer, where a model has several. */
  static List<Integer> ends(Path folder, HfConfig config) {
    Optional<JsonNode> generation =
        HfJson.find(folder.resolve("generation_config.json")).map(g -> g.path("eos_token_id"));
    JsonNode list =
        generation
            .filter(JsonNode::isArray)
            .or(() -> config.find("eos_token_id").filter(JsonNode::isArray))
            .orElse(null);
    List<Integer> ids = new ArrayList<>();
    for (JsonNode id : list == null ? List.<JsonNode>of() : list) {
      if (id.isInt() && id.asInt() >= 0) {
        ids.add(id.asInt());
      }
    }
    return ids;
  }

  /** The ends of {@link #ends} that a file's keys have no place for. */
  public static List<Integer> endsWithoutPlace(
      Map<String, GgufValue> keys, Path folder, HfConfig config) {
    List<Integer> left = new ArrayList<>(ends(folder, config));
    left.removeIf(
        id -> ENDS.stream().anyMatch(e -> new GgufValue.U32(id).equals(keys.get(PREFIX + e))));
    return left;
  }

  private static Optional<Boolean> adds(
      String word,
      Map<String, GgufValue> keys,
      Map<String, Integer> ids,
      Optional<JsonNode> tokenizer,
      Optional<JsonNode> settings) {
    Optional<Boolean> said =
        settings
            .map(s -> s.path("add_" + word + "_token"))
            .filter(JsonNode::isBoolean)
            .map(JsonNode::asBoolean);
    return said.isPresent() ? said : tokenizer.flatMap(t -> template(word, keys, ids, t));
  }

  /** What the post-processor puts before or after a text. */
  private static Optional<Boolean> template(
      String word, Map<String, GgufValue> keys, Map<String, Integer> ids, JsonNode tokenizer) {
    JsonNode processor = tokenizer.path("post_processor");
    if (processor.path("type").asText().equals("Sequence")) {
      for (JsonNode step : processor.path("processors")) {
        if (step.path("type").asText().equals("TemplateProcessing")) {
          processor = step;
        }
      }
    }
    JsonNode single = processor.path("single");
    if (!processor.path("type").asText().equals("TemplateProcessing") || single.isEmpty()) {
      return Optional.empty();
    }
    JsonNode edge = single.get(word.equals("bos") ? 0 : single.size() - 1);
    Integer id = ids.get(edge.at("/SpecialToken/id").asText());
    GgufValue expected = keys.get(PREFIX + KEYS.get(word));
    return Optional.of(id != null && new GgufValue.U32(id).equals(expected));
  }
}
