package io.foregate.model.weights;

import io.foregate.model.Family;
import io.foregate.model.LatentConfig;
import java.util.List;
import java.util.Optional;

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

  /**
   * Multi-head latent attention, with the sizes of {@link LatentConfig}.
   *
   * @param lowRank how the input of {@code query} is made; empty where that is the residual
   * @param query {@code [heads * (keySize + rotated), queryRank or embedding]}; of each head, what
   *     is rotated comes last
   * @param latent {@code [rank + rotated, embedding]}: the latent, then the key that all heads
   *     share
   * @param latentNorm of the latent, {@code [rank]}
   * @param keys per head, a map between the space of keys and the latent's
   * @param values per head, {@code [valueSize, rank]}
   * @param output {@code [embedding, heads * valueSize]}
   */
  record Latent(
      Optional<LowRank> lowRank,
      Matrix query,
      Matrix latent,
      Norm latentNorm,
      KeyMaps keys,
      List<Matrix> values,
      Linear output)
      implements AttentionWeights {
    public Latent {
      values = List.copyOf(values);
    }

    /** What reads the residual to make queries. */
    public Matrix queryInput() {
      return lowRank.isPresent() ? lowRank.get().down() : query;
    }
  }

  /**
   * The first half of a product of low rank.
   *
   * @param down {@code [rank, embedding]}
   * @param norm of its result, {@code [rank]}
   */
  record LowRank(Matrix down, Norm norm) {}

  /**
   * Per head, the matrix that takes a query from the space of keys to the latent's.
   *
   * @param transposed whether a matrix is {@code [keySize, rank]}, as models are trained, instead
   *     of {@code [rank, keySize]}
   */
  record KeyMaps(List<Matrix> matrices, boolean transposed) {
    public KeyMaps {
      matrices = List.copyOf(matrices);
    }
  }
}
