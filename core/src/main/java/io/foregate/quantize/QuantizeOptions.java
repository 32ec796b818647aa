package io.foregate.quantize;

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
 */
public record QuantizeOptions(
    List<TypeRule> rules,
    QuantizeMethod method,
    Optional<Path> importance,
    int threads,
    boolean replace) {

  /** Refuses {@code null}, by the name of what is. */
  public QuantizeOptions {
    rules = List.copyOf(Objects.requireNonNull(rules, "rules"));
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(importance, "importance");
  }

  /** Some rules, the search for the least error, no importance matrix, a thread per core. */
  public static QuantizeOptions of(TypeRule... rules) {
    Objects.requireNonNull(rules, "rules");
    return new QuantizeOptions(List.of(rules), QuantizeMethod.SEARCH, Optional.empty(), 0, false);
  }

  /** The same with one more rule, which decides before those that are there. */
  public QuantizeOptions withRule(TypeRule value) {
    Objects.requireNonNull(value, "value");
    List<TypeRule> all = new ArrayList<>(rules);
    all.add(value);
    return new QuantizeOptions(all, method, importance, threads, replace);
  }

  public QuantizeOptions withMethod(QuantizeMethod value) {
    Objects.requireNonNull(value, "value");
    return new QuantizeOptions(rules, value, importance, threads, replace);
  }

  public QuantizeOptions withImportance(Path value) {
    Objects.requireNonNull(value, "value");
    return new QuantizeOptions(rules, method, Optional.of(value), threads, replace);
  }

  public QuantizeOptions withThreads(int value) {
    return new QuantizeOptions(rules, method, importance, value, replace);
  }

  public QuantizeOptions withReplace(boolean value) {
    return new QuantizeOptions(rules, method, importance, threads, value);
  }
}
