package io.foregate.model.weights;

import io.foregate.model.Family;
import io.foregate.model.LatentConfig;
import io.foregate.model.Mixer;
import java.util.List;
import java.util.Optional;

/** The weights of what lets a layer's tokens know of each other: attention, or a delta net. */
public sealed interface AttentionWeights {

  /** {@code [embedding, heads * valueSize]} */
  Linear output();

  /**
   * Grouped-query attention.
   *
   * @param query {@code [heads * keySize, embedding]}; where outputs are gated twice as high, with
   *     the gate behind each head's query
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
   * A gated delta net, with the sizes of {@link Mixer.DeltaNet}: a linear attention.
   *
   * <p>Inputs and rates come in two forms. Apart, they are two matrices. Grouped, they are one, in
   * which rows of one key head and its value heads lie together: of the inputs its queries, keys,
   * values and gates; of the rates the strengths, then the fading.
   *
   * @param inputs queries, keys and values, {@code [channels, embedding]}, and gates, {@code
   *     [valueSize, embedding]}; or all in one
   * @param rates how strongly a token corrects and how much it lets fade, {@code [valueHeads,
   *     embedding]} each; or both in one
   * @param convolution a weight per token seen and channel, {@code [kernel, channels]}
   * @param fading per value head what fading is multiplied by, below 0: {@code -exp(A_log)}
   * @param fadingBias per value head, added to fading
   * @param norm of each head's result, {@code [headSize]}
   * @param output {@code [embedding, valueSize]}
   */
  record DeltaNet(
      List<Matrix> inputs,
      List<Matrix> rates,
      float[] convolution,
      float[] fading,
      float[] fadingBias,
      Norm norm,
      Linear output)
      implements AttentionWeights {
    public DeltaNet {
      inputs = List.copyOf(inputs);
      rates = List.copyOf(rates);
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
