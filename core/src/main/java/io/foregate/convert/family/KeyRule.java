package io.foregate.convert.family;

import io.foregate.convert.source.HfConfig;
import io.foregate.gguf.GgufValue;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * A metadata value of a GGUF file out of a configuration.
 *
 * @param key behind the architecture's prefix
 * @param value empty where the configuration has none
 */
public record KeyRule(String key, Function<HfConfig, Optional<GgufValue>> value) {

  /** A whole number, which has to be there. */
  static KeyRule size(String key, String... fields) {
    return new KeyRule(key, config -> Optional.of(u32(config.size(fields))));
  }

  /** A whole number, left out where the configuration has none. */
  static KeyRule count(String key, String... fields) {
    return new KeyRule(
        key,
        config -> {
          OptionalLong value = config.integer(fields);
          return value.isPresent() ? Optional.of(u32(value.getAsLong())) : Optional.empty();
        });
  }

  /** A whole number that is reckoned. */
  static KeyRule computed(String key, Function<HfConfig, Long> value) {
    return new KeyRule(key, config -> Optional.of(u32(value.apply(config))));
  }

  /** A real number, left out where the configuration has none. */
  static KeyRule real(String key, String... fields) {
    return new KeyRule(
        key,
        config -> {
          OptionalDouble value = config.real(fields);
          return value.isPresent() ? Optional.of(f32(value.getAsDouble())) : Optional.empty();
        });
  }

  /** A switch, written only where it is on. */
  static KeyRule flag(String key, String field) {
    return new KeyRule(
        key,
        config ->
            config.bool(field, false) ? Optional.of(new GgufValue.Bool(true)) : Optional.empty());
  }

  static GgufValue u32(long value) {
    return new GgufValue.U32(value);
  }

  public static GgufValue f32(double value) {
    return new GgufValue.F32((float) value);
  }
}
