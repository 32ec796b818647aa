package io.foregate.quantize;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufTensor;
import io.foregate.inspect.TensorPart;
import io.foregate.quant.format.Quants;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/** Which tensors become what type. Immutable. */
public final class TypeRule {
  private static final Pattern LAYERS = Pattern.compile("(\\d+)(?:-(\\d+))?");
  private static final Pattern LAYER_OF_TENSOR = Pattern.compile("blk\\.(\\d+)\\..*");

  private final String source;
  private final Predicate<GgufTensor> covers;
  private final Optional<GgmlType> type;

  private TypeRule(String source, Predicate<GgufTensor> covers, Optional<GgmlType> type) {
    this.source = source;
    this.covers = covers;
    this.type = type;
  }

  /**
   * A rule for all tensors of a part of the model.
   *
   * @param type its name, such as {@code Q4_K}, or {@code keep}; case does not matter
   * @throws ForegateException if there is no such type, or it can only be read
   */
  public static TypeRule ofPart(TensorPart part, String type) {
    Objects.requireNonNull(part, "part");
    Objects.requireNonNull(type, "type");
    return new TypeRule(
        part.label() + "=" + type, t -> TensorPart.of(t.name()) == part, type(type));
  }

  /**
   * A rule {@code LAYERS=TYPE} for the experts of some layers, as in {@code 0-3=Q4_K}, or {@code
   * PATTERN=TYPE} for tensors in whose names the regular expression is found.
   *
   * @throws ForegateException if it is neither
   */
  public static TypeRule parse(String rule) {
    Objects.requireNonNull(rule, "rule");
    int equals = rule.lastIndexOf('=');
    if (equals < 1) {
      throw new ForegateException(
          "'%s' is no rule".formatted(rule),
          "Expected LAYERS=TYPE, such as 0-3=Q4_K, or PATTERN=TYPE, such as ffn_down_exps=Q5_K.");
    }
    String left = rule.substring(0, equals);
    Optional<GgmlType> type = type(rule.substring(equals + 1));
    Matcher layers = LAYERS.matcher(left);
    if (layers.matches()) {
      int first = Integer.parseInt(layers.group(1));
      int last = layers.group(2) == null ? first : Integer.parseInt(layers.group(2));
      return new TypeRule(
          rule,
          t -> TensorPart.of(t.name()) == TensorPart.EXPERTS && isInLayers(t.name(), first, last),
          type);
    }
    try {
      Predicate<String> name = Pattern.compile(left).asPredicate();
      return new TypeRule(rule, t -> name.test(t.name()), type);
    } catch (PatternSyntaxException e) {
      throw new ForegateException(
          "'%s': %s".formatted(rule, e.getDescription()),
          "What stands before the last '=' is a regular expression for tensor names.");
    }
  }

  /** The same rule, called otherwise in messages: as whoever gave it has written it. */
  public TypeRule calledAs(String name) {
    return new TypeRule(Objects.requireNonNull(name, "name"), covers, type);
  }

  private static boolean isInLayers(String name, int first, int last) {
    Matcher layer = LAYER_OF_TENSOR.matcher(name);
    if (!layer.matches()) {
      return false;
    }
    int number = Integer.parseInt(layer.group(1));
    return number >= first && number <= last;
  }

  /** The type of that name; empty for {@code keep}. */
  private static Optional<GgmlType> type(String name) {
    if (name.equalsIgnoreCase("keep")) {
      return Optional.empty();
    }
    return Optional.of(
        Arrays.stream(GgmlType.values())
            .filter(Quants::writes)
            .filter(type -> type.name().equals(name.toUpperCase(Locale.ROOT)))
            .findFirst()
            .orElseThrow(
                () ->
                    new ForegateException(
                        "'%s' is no type that can be written".formatted(name),
                        "Types: %s, or keep.".formatted(types(Quants::writes)))));
  }

  /** Names of types, for messages. */
  static String types(Predicate<GgmlType> which) {
    return Arrays.stream(GgmlType.values())
        .filter(which)
        .map(GgmlType::name)
        .collect(Collectors.joining(", "));
  }

  /** The rule as it was given. */
  @Override
  public String toString() {
    return source;
  }

  boolean covers(GgufTensor tensor) {
    return covers.test(tensor);
  }

  /** What tensors become; empty to keep the type that they have. */
  Optional<GgmlType> type() {
    return type;
  }
}
