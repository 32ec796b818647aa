package io.foregate.convert.family;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What becomes of a source tensor. Names have places for the layer, <code>{l}</code>, and for the
 * expert, <code>{e}</code>: sources of all experts are stacked in one target. Several rules may
 * fill the same target: checkpoints of one family differ in how they pack experts.
 *
 * @param source the name in the safetensors
 * @param target the name in the GGUF
 * @param shape of the source, in the letters of {@link Dimensions}
 * @param transform how elements are reordered
 * @param elements what becomes of each element
 * @param need when the target has to be there
 */
public record TensorRule(
    String source,
    String target,
    List<String> shape,
    Transform transform,
    ElementMap elements,
    Need need) {

  /** When a target has to be there. */
  public enum Need {
    ALWAYS,
    /** In layers with one feed-forward network. */
    DENSE_LAYERS,
    /** In layers with experts. */
    ROUTED_LAYERS,
    /** In layers with experts, if the configuration has shared ones. */
    SHARED,
    /** In layers with attention. */
    ATTENTION_LAYERS,
    /** In layers with a delta net. */
    DELTA_LAYERS,
    /** Unless the token embedding is the output matrix too. */
    UNTIED,
    /** If queries are compressed. */
    COMPRESSED_QUERIES,
    /** If queries are not compressed. */
    PLAIN_QUERIES,
    OPTIONAL
  }

  static TensorRule of(String source, String target, String shape) {
    return new TensorRule(
        source,
        target,
        List.of(shape.split(" ", -1)),
        Transform.NONE,
        ElementMap.SAME,
        Need.ALWAYS);
  }

  TensorRule via(Transform other) {
    return new TensorRule(source, target, shape, other, elements, need);
  }

  TensorRule map(ElementMap other) {
    return new TensorRule(source, target, shape, transform, other, need);
  }

  TensorRule when(Need other) {
    return new TensorRule(source, target, shape, transform, elements, other);
  }

  /** Matches a source's name; groups {@code l} and {@code e} are the places. */
  public Pattern pattern() {
    return Pattern.compile(
        source
            .replace(".", "\\.")
            .replace("{l}", "(?<l>\\d{1,6})")
            .replace("{e}", "(?<e>\\d{1,6})"));
  }

  public boolean hasLayer() {
    return source.contains("{l}");
  }

  public boolean isPerExpert() {
    return source.contains("{e}");
  }

  /** The target's name in a layer. */
  public String target(int layer) {
    return target.replace("{l}", Integer.toString(layer));
  }
}
