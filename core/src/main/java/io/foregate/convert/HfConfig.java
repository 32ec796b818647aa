package io.foregate.convert;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.error.ForegateException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** A model's {@code config.json}: typed values, and errors that name the field. */
final class HfConfig {
  private final Path file;
  private final JsonNode root;

  private HfConfig(Path file, JsonNode root) {
    this.file = file;
    this.root = root;
  }

  static HfConfig read(Path folder) {
    Path file = folder.resolve("config.json");
    return HfJson.find(file)
        .map(root -> new HfConfig(file, root))
        .orElseThrow(
            () ->
                new ForegateException(
                    file + ": no such file",
                    "Give the folder of a Hugging Face model: config.json, *.safetensors,"
                        + " tokenizer files."));
  }

  /** The name of the model's class in transformers. */
  String architecture() {
    JsonNode names = root.path("architectures");
    if (!names.isArray() || names.size() != 1 || !names.get(0).isTextual()) {
      throw new ForegateException(
          "%s: 'architectures' is %s, expected one name".formatted(file, shown(names)),
          "Download the file again.");
    }
    return names.get(0).asText();
  }

  Path file() {
    return file;
  }

  /** The first of the fields that is there and not null. */
  Optional<JsonNode> find(String... names) {
    for (String name : names) {
      JsonNode node = root.at("/" + name.replace('.', '/'));
      if (!node.isMissingNode() && !node.isNull()) {
        return Optional.of(node);
      }
    }
    return Optional.empty();
  }

  /** A whole number from 0; the first of the fields that is there. */
  OptionalLong integer(String... names) {
    Optional<JsonNode> node = find(names);
    if (node.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!node.get().isIntegralNumber()
        || node.get().asLong() < 0
        || !node.get().canConvertToLong()) {
      throw wrong(String.join("|", names), node.get(), "a whole number from 0");
    }
    return OptionalLong.of(node.get().asLong());
  }

  /** As {@link #integer}, which has to be there and be a size: 1 or more. */
  long size(String... names) {
    long size = integer(names).orElseThrow(() -> missing(names));
    if (size < 1 || size > Integer.MAX_VALUE) {
      throw wrong(String.join("|", names), find(names).orElseThrow(), "1 or more");
    }
    return size;
  }

  OptionalDouble real(String... names) {
    Optional<JsonNode> node = find(names);
    if (node.isEmpty()) {
      return OptionalDouble.empty();
    }
    if (!node.get().isNumber() || !Double.isFinite(node.get().asDouble())) {
      throw wrong(String.join("|", names), node.get(), "a number");
    }
    return OptionalDouble.of(node.get().asDouble());
  }

  boolean bool(String name, boolean fallback) {
    Optional<JsonNode> node = find(name);
    if (node.isPresent() && !node.get().isBoolean()) {
      throw wrong(name, node.get(), "true or false");
    }
    return node.map(JsonNode::asBoolean).orElse(fallback);
  }

  Optional<String> text(String... names) {
    return find(names).filter(JsonNode::isTextual).map(JsonNode::asText);
  }

  /** Elements of a head: given, or what the width leaves for each. */
  long headSize() {
    long heads = size("num_attention_heads");
    OptionalLong given = integer("head_dim");
    long width = size("hidden_size");
    if (given.isEmpty() && width % heads != 0) {
      throw wrong(
          "num_attention_heads",
          find("num_attention_heads").orElseThrow(),
          "a divisor of hidden_size " + width);
    }
    return given.orElse(width / heads);
  }

  /** A token id, or the first of a list of them. */
  OptionalInt tokenId(String name) {
    Optional<JsonNode> node = find(name).map(n -> n.isArray() ? n.path(0) : n);
    return node.isPresent() && node.get().canConvertToInt() && node.get().isInt()
        ? OptionalInt.of(node.get().asInt())
        : OptionalInt.empty();
  }

  ForegateException missing(String... names) {
    return new ForegateException(
        "%s: '%s' is missing".formatted(file, String.join("' or '", names)),
        "Download the file again; a model of this family has it.");
  }

  ForegateException wrong(String name, JsonNode found, String expected) {
    return new ForegateException(
        "%s: '%s' is %s, expected %s".formatted(file, name, shown(found), expected),
        "Download the file again, or another revision of the model.");
  }

  private static String shown(JsonNode node) {
    if (node.isMissingNode()) {
      return "missing";
    }
    String text = node.toString();
    return text.length() > 60 ? text.substring(0, 60) + ".." : text;
  }
}
