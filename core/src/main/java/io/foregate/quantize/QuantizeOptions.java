package io.foregate.quantize;

import io.foregate.error.ForegateException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How a model is quantized. Start from {@link #of}.
 *
 * @param rules what becomes of tensors; the last one that covers a tensor decides, and what none
 *     covers is kept
 * @param method how codes are found
 * @param importance how much each input matters: an importance matrix in GGUF
 * @param threads that round weights; 0 for one per core
 * @param replace whether a file that is there may be replaced
 * @param shardBytes of tensors that one file may hold before the model goes on in another, {@code
 *     OUT-00002-of-00003.gguf}; {@link Long#MAX_VALUE} for any number
 * @param shardTensors tensors that one file may hold; {@link Integer#MAX_VALUE} for any number
 */
public record QuantizeOptions(
    List<TypeRule> rules,
    QuantizeMethod method,
    Optional<Path> importance,
    int threads,
    boolean replace,
    long shardBytes,
    int shardTensors) {

  /** As many as there are. */
  private static final int ALL = Integer.MAX_VALUE;

  /**
   * Refuses {@code null}, by the name of what is, and shards without room.
   *
   * @throws ForegateException if a shard could hold nothing
   */
  public QuantizeOptions {
    rules = List.copyOf(Objects.requireNonNull(rules, "rules"));
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(importance, "importance");
    if (shardBytes < 1 || shardTensors < 1) {
      throw new ForegateException(
          "A shard holds at most %d bytes and %d tensors, expected at least 1 of each."
              .formatted(shardBytes, shardTensors),
          "Choose some GB, or leave it out.");
    }
  }

  /** Some rules, the search for the least error, no importance matrix, a thread per core. */
  public static QuantizeOptions of(TypeRule... rules) {
    Objects.requireNonNull(rules, "rules");
    return new QuantizeOptions(
        List.of(rules), QuantizeMethod.SEARCH, Optional.empty(), 0, false, Long.MAX_VALUE, ALL);
  }

  /** The same with one more rule, which decides before those that are there. */
  public QuantizeOptions withRule(TypeRule value) {
    Objects.requireNonNull(value, "value");
    List<TypeRule> all = new ArrayList<>(rules);
    all.add(value);
    return new QuantizeOptions(all, method, importance, threads, replace, shardBytes, shardTensors);
  }

  public QuantizeOptions withMethod(QuantizeMethod value) {
    Objects.requireNonNull(value, "value");
    return new QuantizeOptions(
        rules, value, importance, threads, replace, shardBytes, shardTensors);
  }

  public QuantizeOptions withImportance(Path value) {
    Objects.requireNonNull(value, "value");
    return new QuantizeOptions(
        rules, method, Optional.of(value), threads, replace, shardBytes, shardTensors);
  }

  public QuantizeOptions withThreads(int value) {
    return new QuantizeOptions(rules, method, importance, value, replace, shardBytes, shardTensors);
  }

  public QuantizeOptions withReplace(boolean value) {
    return new QuantizeOptions(rules, method, importance, threads, value, shardBytes, shardTensors);
  }

  /** Goes on in another file when one holds so many bytes of tensors. */
  public QuantizeOptions withShardBytes(long value) {
    return new QuantizeOptions(rules, method, importance, threads, replace, value, shardTensors);
  }

  /** Goes on in another file when one holds so many tensors. */
  public QuantizeOptions withShardTensors(int value) {
    return new QuantizeOptions(rules, method, importance, threads, replace, shardBytes, value);
  }
}
