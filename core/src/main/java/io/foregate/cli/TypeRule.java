package io.foregate.cli;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.Quants;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/**
 * Which tensors become what type.
 *
 * @param source the option as it was given, for messages
 * @param type empty to keep the type that a tensor has
 */
record TypeRule(String source, Predicate<GgufTensor> covers, Optional<GgmlType> type) {
  private static final Pattern LAYERS = Pattern.compile("(\\d+)(?:-(\\d+))?");
  private static final Pattern LAYER_OF_TENSOR = Pattern.compile("blk\\.(\\d+)\\..*");

  /** A rule for all tensors of a part of the model. */
  static TypeRule ofPart(String option, TensorPart part, String type) {
    return new TypeRule(
        option + " " + type, t -> TensorPart.of(t.name()) == part, type(option, type));
  }

  /**
   * A rule {@code LAYERS=TYPE} for the experts of some layers, as in {@code 0-3=Q4_K}, or {@code
   * PATTERN=TYPE} for tensors in whose names the regular expression is found.
   */
  static TypeRule parse(String option, String rule) {
    int equals = rule.lastIndexOf('=');
    if (equals < 1) {
      throw new UsageException(
          "%s '%s' is no rule".formatted(option, rule),
          "Expected LAYERS=TYPE, such as 0-3=Q4_K, or PATTERN=TYPE, such as ffn_down_exps=Q5_K.");
    }
    String left = rule.substring(0, equals);
    Optional<GgmlType> type = type(option, rule.substring(equals + 1));
    Matcher layers = LAYERS.matcher(left);
    if (layers.matches()) {
      int first = Integer.parseInt(layers.group(1));
      int last = layers.group(2) == null ? first : Integer.parseInt(layers.group(2));
      return new TypeRule(
          option + " " + rule,
          t -> TensorPart.of(t.name()) == TensorPart.EXPERTS && isInLayers(t.name(), first, last),
          type);
    }
    try {
      Predicate<String> name = Pattern.compile(left).asPredicate();
      return new TypeRule(option + " " + rule, t -> name.test(t.name()), type);
    } catch (PatternSyntaxException e) {
      throw new UsageException(
          "%s '%s': %s".formatted(option, rule, e.getDescription()),
          "What stands before the last '=' is a regular expression for tensor names.");
    }
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
  private static Optional<GgmlType> type(String option, String name) {
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
                    new UsageException(
                        "%s: '%s' is no type that can be written".formatted(option, name),
                        "Types: %s, or keep.".formatted(types(Quants::writes)))));
  }

  /** Names of types, for messages. */
  static String types(Predicate<GgmlType> which) {
    return Arrays.stream(GgmlType.values())
        .filter(which)
        .map(GgmlType::name)
        .collect(Collectors.joining(", "));
  }
}
