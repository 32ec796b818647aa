package io.foregate.gguf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * The metadata of a GGUF file, in file order. Immutable, and valid after the file is closed.
 *
 * <p>Typed access accepts every stored type whose value fits: an {@code int} may be stored as any
 * integer type, a float as a float of either width or an integer. What does not fit, or is absent
 * where no fallback is given, is a {@link GgufException} that names file, key, value and
 * expectation.
 */
public final class GgufMetadata {
  private final String source;
  private final Map<String, GgufValue> values;

  private GgufMetadata(String source, Map<String, GgufValue> values) {
    this.source = source;
    this.values = values;
  }

  /**
   * Metadata made in memory.
   *
   * @param source the name of its origin, for messages
   * @param values copied, in iteration order
   */
  public static GgufMetadata of(String source, Map<String, ? extends GgufValue> values) {
    return new GgufMetadata(source, Collections.unmodifiableMap(new LinkedHashMap<>(values)));
  }

  /** The same without the keys that begin so. */
  GgufMetadata without(String prefix) {
    Map<String, GgufValue> kept = new LinkedHashMap<>(values);
    kept.keySet().removeIf(key -> key.startsWith(prefix));
    return new GgufMetadata(source, Collections.unmodifiableMap(kept));
  }

  /** Where it comes from, for messages. */
  String source() {
    return source;
  }

  /** All keys, in file order. */
  public Set<String> keys() {
    return values.keySet();
  }

  /** Whether there is a value of that key, of whatever type. */
  public boolean contains(String key) {
    return values.containsKey(key);
  }

  /** The value of that key, as it is stored. */
  public Optional<GgufValue> get(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /** All keys and values, in file order. */
  public Map<String, GgufValue> asMap() {
    return values;
  }

  public String string(String key) {
    return required(key, "a string", GgufMetadata::toText);
  }

  public String string(String key, String fallback) {
    return optional(key, "a string", GgufMetadata::toText).orElse(fallback);
  }

  public int integer(String key) {
    return required(key, "a 32-bit integer", GgufMetadata::toInt);
  }

  public int integer(String key, int fallback) {
    return findInteger(key).orElse(fallback);
  }

  /** The integer, or empty if the key is absent. */
  public OptionalInt findInteger(String key) {
    Optional<Integer> value = optional(key, "a 32-bit integer", GgufMetadata::toInt);
    return value.isPresent() ? OptionalInt.of(value.get()) : OptionalInt.empty();
  }

  public long longInteger(String key) {
    return required(key, "a 64-bit integer", GgufMetadata::toLong);
  }

  public long longInteger(String key, long fallback) {
    return optional(key, "a 64-bit integer", GgufMetadata::toLong).orElse(fallback);
  }

  public float real(String key) {
    return required(key, "a number", GgufMetadata::toFloat);
  }

  public float real(String key, float fallback) {
    return optional(key, "a number", GgufMetadata::toFloat).orElse(fallback);
  }

  public boolean bool(String key) {
    return required(key, "a truth value", GgufMetadata::toBool);
  }

  public boolean bool(String key, boolean fallback) {
    return optional(key, "a truth value", GgufMetadata::toBool).orElse(fallback);
  }

  /** An array of strings; each is decoded when it is asked for, so copy what is read often. */
  public List<String> strings(String key) {
    return required(key, "an array of strings", GgufMetadata::toStrings);
  }

  /** An array of numbers, as a new array. */
  public float[] floats(String key) {
    return required(key, "an array of numbers", GgufMetadata::toFloats);
  }

  /** An array of integers that fit 32 bits, as a new array. */
  public int[] ints(String key) {
    return required(key, "an array of 32-bit integers", GgufMetadata::toInts);
  }

  private <T> T required(String key, String expected, Function<GgufValue, Optional<T>> convert) {
    return optional(key, expected, convert)
        .orElseThrow(
            () ->
                new GgufException(
                    "%s: metadata '%s' is missing, expected %s".formatted(source, key, expected),
                    "The model was converted without it: convert it again, or get another copy.",
                    -1));
  }

  private <T> Optional<T> optional(
      String key, String expected, Function<GgufValue, Optional<T>> convert) {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    Optional<T> converted = convert.apply(value);
    if (converted.isEmpty()) {
      throw new GgufException(
          "%s: metadata '%s' is %s, expected %s".formatted(source, key, describe(value), expected),
          "The model was converted in a way that Foregate does not know: convert it again.",
          -1);
    }
    return converted;
  }

  /** A value for a message, shortened. */
  static String describe(GgufValue value) {
    return switch (value) {
      case GgufArray array -> "an array of " + array.size() + " " + array.elementType();
      case GgufValue.Str(String text) -> "the string " + Quote.of(text);
      default -> value.toString();
    };
  }

  private static Optional<String> toText(GgufValue value) {
    return value instanceof GgufValue.Str(String text) ? Optional.of(text) : Optional.empty();
  }

  private static Optional<Boolean> toBool(GgufValue value) {
    return value instanceof GgufValue.Bool(boolean truth) ? Optional.of(truth) : Optional.empty();
  }

  static Optional<Long> toLong(GgufValue value) {
    return switch (value) {
      case GgufValue.U8(int v) -> Optional.of((long) v);
      case GgufValue.I8(byte v) -> Optional.of((long) v);
      case GgufValue.U16(int v) -> Optional.of((long) v);
      case GgufValue.I16(short v) -> Optional.of((long) v);
      case GgufValue.U32(long v) -> Optional.of(v);
      case GgufValue.I32(int v) -> Optional.of((long) v);
      case GgufValue.U64(long v) when v >= 0 -> Optional.of(v);
      case GgufValue.I64(long v) -> Optional.of(v);
      default -> Optional.empty();
    };
  }

  private static Optional<Integer> toInt(GgufValue value) {
    return toLong(value).filter(v -> v == v.intValue()).map(Long::intValue);
  }

  private static Optional<Float> toFloat(GgufValue value) {
    return switch (value) {
      case GgufValue.F32(float v) -> Optional.of(v);
      case GgufValue.F64(double v) when Math.abs(v) > Float.MAX_VALUE && Double.isFinite(v) ->
          Optional.empty();
      case GgufValue.F64(double v) -> Optional.of((float) v);
      default -> toLong(value).map(Long::floatValue);
    };
  }

  private static Optional<List<String>> toStrings(GgufValue value) {
    return value instanceof GgufArray array && array.elementType() == GgufValue.Type.STRING
        ? Optional.of(array.strings())
        : Optional.empty();
  }

  private static Optional<float[]> toFloats(GgufValue value) {
    if (!(value instanceof GgufArray array)) {
      return Optional.empty();
    }
    var floats = new float[array.size()];
    for (int i = 0; i < floats.length; i++) {
      Optional<Float> element = toFloat(array.get(i));
      if (element.isEmpty()) {
        return Optional.empty();
      }
      floats[i] = element.get();
    }
    return Optional.of(floats);
  }

  private static Optional<int[]> toInts(GgufValue value) {
    if (!(value instanceof GgufArray array)) {
      return Optional.empty();
    }
    var ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      Optional<Integer> element = toInt(array.get(i));
      if (element.isEmpty()) {
        return Optional.empty();
      }
      ints[i] = element.get();
    }
    return Optional.of(ints);
  }
}
