package io.foregate.convert.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foregate.error.ForegateException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model's {@code config.json}: typed values, and errors that name the field. It remembers what it
 * was asked for, so that what nobody reads can be told.
 */
public final class HfConfig {
  private static final String PICTURES = "vision_config";

  private final Path file;
  private final JsonNode root;
  private final JsonNode defaults;
  private final Set<String> asked = new HashSet<>();

  private HfConfig(Path file, JsonNode root) {
    this.file = file;
    this.root = textPart(root);
    this.defaults = HfDefaults.of(root.path("architectures").path(0).asText());
  }

  /** Of a model that reads pictures, too, what its text's part says, and else what all say. */
  private static JsonNode textPart(JsonNode root) {
    if (!(root.get("text_config") instanceof ObjectNode text)) {
      return root;
    }
    ObjectNode merged = text.deepCopy();
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      boolean isOther = entry.getKey().equals("text_config") || entry.getKey().equals(PICTURES);
      if (!isOther && (!merged.has(entry.getKey()) || entry.getKey().equals("architectures"))) {
        merged.set(entry.getKey(), entry.getValue());
      }
    }
    return merged;
  }

  public static HfConfig read(Path folder) {
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
  public String architecture() {
    JsonNode names = root.path("architectures");
    if (!names.isArray() || names.size() != 1 || !names.get(0).isTextual()) {
      throw new ForegateException(
          "%s: 'architectures' is %s, expected one name".formatted(file, shown(names)),
          "Download the file again.");
    }
    return names.get(0).asText();
  }

  public Path file() {
    return file;
  }

  /**
   * The first of the fields that is there and not null; where none is there, what transformers
   * takes for it.
   */
  public Optional<JsonNode> find(String... names) {
    asked.addAll(List.of(names));
    boolean isNull = false;
    for (String name : names) {
      JsonNode node = root.at(pointer(name));
      if (!node.isMissingNode() && !node.isNull()) {
        return Optional.of(node);
      }
      isNull |= node.isNull();
    }
    return isNull ? Optional.empty() : fallback(names);
  }

  private Optional<JsonNode> fallback(String... names) {
    boolean hasRope = root.hasNonNull("rope_parameters") || root.hasNonNull("rope_scaling");
    return Stream.of(names)
        .filter(name -> !(hasRope && name.startsWith("rope_parameters.")))
        .map(name -> defaults.at(pointer(name)))
        .filter(node -> !node.isMissingNode())
        .findFirst();
  }

  /** Fields that are asked for, of objects by their paths ({@code rope_scaling.factor}). */
  public Set<String> asked() {
    return Collections.unmodifiableSet(asked);
  }

  /** What is there, not null, and has not been asked for. */
  Map<String, JsonNode> unread() {
    Map<String, JsonNode> unread = new LinkedHashMap<>();
    root.properties()
        .forEach(
            entry -> {
              String name = entry.getKey();
              boolean inside = asked.stream().anyMatch(field -> field.startsWith(name + "."));
              if (inside && entry.getValue().isObject()) {
                entry
                    .getValue()
                    .properties()
                    .forEach(e -> addUnread(unread, name + "." + e.getKey(), e.getValue()));
              } else {
                addUnread(unread, name, entry.getValue());
              }
            });
    return unread;
  }

  private void addUnread(Map<String, JsonNode> unread, String name, JsonNode value) {
    if (!asked.contains(name) && !value.isNull()) {
      unread.put(name, value);
    }
  }

  private static String pointer(String name) {
    return "/" + name.replace('.', '/');
  }

  /** A whole number from 0; the first of the fields that is there. */
  public OptionalLong integer(String... names) {
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
  public long size(String... names) {
    long size = integer(names).orElseThrow(() -> missing(names));
    if (size < 1 || size > Integer.MAX_VALUE) {
      throw wrong(String.join("|", names), find(names).orElseThrow(), "1 or more");
    }
    return size;
  }

  public OptionalDouble real(String... names) {
    Optional<JsonNode> node = find(names);
    if (node.isEmpty()) {
      return OptionalDouble.empty();
    }
    if (!node.get().isNumber() || !Double.isFinite(node.get().asDouble())) {
      throw wrong(String.join("|", names), node.get(), "a number");
    }
    return OptionalDouble.of(node.get().asDouble());
  }

  public boolean bool(String name, boolean fallback) {
    Optional<JsonNode> node = find(name);
    if (node.isPresent() && !node.get().isBoolean()) {
      throw wrong(name, node.get(), "true or false");
    }
    return node.map(JsonNode::asBoolean).orElse(fallback);
  }

  public Optional<String> text(String... names) {
    return find(names).filter(JsonNode::isTextual).map(JsonNode::asText);
  }

  /** Heads of keys: given, the class's, or as many as queries have. */
  public long keyHeads() {
    String field = "num_key_value_heads";
    return find(field).isPresent() ? size(field) : size("num_attention_heads");
  }

  /** Elements of a head: given, or what the width leaves for each. */
  public long headSize() {
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

  /** Whether a layer has linear attention: as its list of types says, or else all but some. */
  public boolean isLinear(int layer) {
    Optional<JsonNode> types = find("layer_types");
    if (types.isPresent()) {
      String type = types.get().path(layer).asText();
      if (!type.equals("linear_attention") && !type.equals("full_attention")) {
        throw wrong(
            "layer_types", types.get(), "linear_attention or full_attention for each layer");
      }
      return type.equals("linear_attention");
    }
    long interval =
        find("full_attention_interval").isPresent() ? size("full_attention_interval") : 4;
    return (layer + 1) % interval != 0;
  }

  /** A token id, or the first of a list of them. */
  public OptionalInt tokenId(String name) {
    Optional<JsonNode> node = find(name).map(n -> n.isArray() ? n.path(0) : n);
    return node.isPresent() && node.get().canConvertToInt() && node.get().isInt()
        ? OptionalInt.of(node.get().asInt())
        : OptionalInt.empty();
  }

  public ForegateException missing(String... names) {
    return new ForegateException(
        "%s: '%s' is missing".formatted(file, String.join("' or '", names)),
        "Download the file again; a model of this family has it.");
  }

  public ForegateException wrong(String name, JsonNode found, String expected) {
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
