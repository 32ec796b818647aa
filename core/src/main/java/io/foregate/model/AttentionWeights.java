package io.foregate.model;

/** The weights of a layer's attention. */
public sealed interface AttentionWeights {

  /** {@code [embedding, heads * valueSize]} */
  Linear output();

  /**
   * Grouped-query attention.
   *
   * @param query {@code [heads * keySize, embedding]}
   * @param key {@code [kvHeads * keySize, embedding]}
   * @param value {@code [kvHeads * valueSize, embedding]}
   * @param output {@code [embedding, heads * valueSize]}
   * @param queryNorm as wide as {@link Family#queryKeyNorm} says, before RoPE; {@link Norm#NONE}
   *     where the family has none
   * @param keyNorm as {@code queryNorm}
   * @param sinks per query head, the score of a position that has no value: {@code [heads]}, or
   *     empty
   */
  record Grouped(
      Linear query,
      Linear key,
      Linear value,
      Linear output,
      Norm queryNorm,
      Norm keyNorm,
      float[] sinks)
      implements AttentionWeights {

    /** Four products and nothing else. */
    public static Grouped of(Matrix query, Matrix key, Matrix value, Matrix output) {
      return new Grouped(
          Linear.of(query),
          Linear.of(key),
          Linear.of(value),
          Linear.of(output),
          Norm.NONE,
          Norm.NONE,
          new float[0]);
    }
  }
}
