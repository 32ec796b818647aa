package io.foregate.gate.trace;

import io.foregate.error.ForegateException;
import io.foregate.gguf.ModelHash;
import java.util.List;

/**
 * What all tokens of a trace share.
 *
 * @param model the model that routed
 * @param modelName its name, for people
 * @param layers layers with experts, numbered from 0
 * @param experts experts of a layer
 * @param used experts per token and layer (top-k)
 * @param sets predictors whose scores the trace holds; may be empty
 * @param texts names of the texts that were read
 */
public record TraceHeader(
    ModelHash model,
    String modelName,
    int layers,
    int experts,
    int used,
    List<ScoreSet> sets,
    List<String> texts) {
  static final int MAX_LAYERS = 4096;
  static final int MAX_EXPERTS = 65_535;
  static final int MAX_HORIZON = 256;
  static final int MAX_SETS = 64;
  static final int MAX_TEXTS = 65_535;
  static final int MAX_NAME_BYTES = 4096;

  /** A record larger than this is a mistake: the largest models of 2026 need a hundredth of it. */
  static final int MAX_RECORD_BYTES = 64 << 20;

  public TraceHeader {
    sets = List.copyOf(sets);
    texts = List.copyOf(texts);
  }

  /**
   * The index of a set of scores.
   *
   * @throws ForegateException if the trace has no such set
   */
  public int set(String name) {
    for (int i = 0; i < sets.size(); i++) {
      if (sets.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new ForegateException(
        "The trace holds no gate scores named '%s'; it holds: %s."
            .formatted(name, sets.isEmpty() ? "none" : String.join(", ", setNames())),
        "Record it again with 'foregate trace'; its [[gates]] add those of trained gates.");
  }

  /** Whether the trace holds scores of that name. */
  public boolean hasSet(String name) {
    return setNames().contains(name);
  }

  /** Names of the sets, in their order. */
  public List<String> setNames() {
    return sets.stream().map(ScoreSet::name).toList();
  }

  /** The same for another number of layers. */
  TraceHeader withLayers(int count) {
    return new TraceHeader(model, modelName, count, experts, used, sets, texts);
  }

  /** What is wrong with the sizes, in words, or {@code null}. */
  String flaw() {
    if (layers < 1 || layers > MAX_LAYERS) {
      return "%d layers, expected 1 to %d".formatted(layers, MAX_LAYERS);
    }
    if (experts < 1 || experts > MAX_EXPERTS) {
      return "%d experts, expected 1 to %d".formatted(experts, MAX_EXPERTS);
    }
    if (used < 1 || used > experts) {
      return "%d experts used of %d".formatted(used, experts);
    }
    if (sets.size() > MAX_SETS || texts.size() > MAX_TEXTS) {
      return "%d sets of scores and %d texts, expected at most %d and %d"
          .formatted(sets.size(), texts.size(), MAX_SETS, MAX_TEXTS);
    }
    for (ScoreSet set : sets) {
      if (set.horizon() < 1 || set.horizon() > MAX_HORIZON) {
        return "a horizon of %d layers in '%s', expected 1 to %d"
            .formatted(set.horizon(), set.name(), MAX_HORIZON);
      }
    }
    return TraceLayout.recordBytes(this) > MAX_RECORD_BYTES
        ? "%d bytes per token, expected at most %d"
            .formatted(TraceLayout.recordBytes(this), MAX_RECORD_BYTES)
        : null;
  }
}
