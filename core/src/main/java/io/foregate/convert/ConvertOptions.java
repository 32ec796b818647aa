package io.foregate.convert;

import java.util.Optional;

/**
 * How to convert.
 *
 * @param type of matrices; empty for the type that most of them have already
 * @param pre name of the pre-tokenizer ({@code tokenizer.ggml.pre}); empty to find out
 * @param name the model's name; empty for that of the folder
 */
public record ConvertOptions(Optional<OutType> type, Optional<String> pre, Optional<String> name) {

  /** Everything found out from the folder. */
  public static ConvertOptions defaults() {
    return new ConvertOptions(Optional.empty(), Optional.empty(), Optional.empty());
  }

  public ConvertOptions withType(OutType value) {
    return new ConvertOptions(Optional.of(value), pre, name);
  }

  public ConvertOptions withPre(String value) {
    return new ConvertOptions(type, Optional.of(value), name);
  }

  public ConvertOptions withName(String value) {
    return new ConvertOptions(type, pre, Optional.of(value));
  }
}
