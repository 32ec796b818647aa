package io.foregate.convert;

import io.foregate.gguf.ShardLimit;
import java.util.Optional;

/**
 * How to convert.
 *
 * @param type of matrices; empty for the type that most of them have already
 * @param pre name of the pre-tokenizer ({@code tokenizer.ggml.pre}); empty to find out
 * @param name the model's name; empty for that of the folder
 * @param shards how large one file may become
 */
public record ConvertOptions(
    Optional<OutType> type, Optional<String> pre, Optional<String> name, ShardLimit shards) {

  /** Everything found out from the folder. */
  public static ConvertOptions defaults() {
    return new ConvertOptions(
        Optional.empty(), Optional.empty(), Optional.empty(), ShardLimit.NONE);
  }

  public ConvertOptions withType(OutType value) {
    return new ConvertOptions(Optional.of(value), pre, name, shards);
  }

  public ConvertOptions withPre(String value) {
    return new ConvertOptions(type, Optional.of(value), name, shards);
  }

  public ConvertOptions withName(String value) {
    return new ConvertOptions(type, pre, Optional.of(value), shards);
  }

  public ConvertOptions withShards(ShardLimit value) {
    return new ConvertOptions(type, pre, name, value);
  }
}
