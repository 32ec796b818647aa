package io.foregate.convert.family;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.convert.source.HfConfig;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A setting that a GGUF file of the family has no place for: whoever reads the file takes it for
 * granted, so any other value would give fluent nonsense.
 *
 * @param expected in words, for the message
 * @param missing whether the setting may be absent
 */
public record Demand(String field, Predicate<JsonNode> holds, String expected, boolean missing) {

  static Demand text(String field, String... values) {
    return new Demand(
        field,
        node -> Arrays.asList(values).contains(node.asText()),
        String.join(" or ", values),
        true);
  }

  /** A switch that has to stand so; {@code fallback} is what it stands at where it is absent. */
  static Demand flag(String field, boolean value, boolean fallback) {
    return new Demand(
        field,
        node -> node.isBoolean() && node.asBoolean() == value,
        String.valueOf(value),
        value == fallback);
  }

  static Demand number(String field, double value) {
    return new Demand(
        field, node -> node.isNumber() && node.asDouble() == value, String.valueOf(value), true);
  }

  static Demand absent(String field) {
    return new Demand(field, node -> node.isArray() && node.isEmpty(), "none", true);
  }

  /** Fails if the configuration has another value. */
  public void check(HfConfig config) {
    Optional<JsonNode> found = config.find(field);
    if (found.isEmpty() && !missing) {
      throw config.missing(field);
    }
    if (found.isPresent() && !holds.test(found.get())) {
      throw config.wrong(
          field, found.get(), expected + ", the only value that a GGUF of the family stands for");
    }
  }
}
