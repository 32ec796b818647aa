package io.foregate.oracle;

import io.foregate.gguf.GgmlType;
import java.util.Random;

/**
 * Shape and weight types of one random model. The width is {@value #WIDTH} because K-quants work on
 * blocks of that many weights; everything else is as small as the case allows.
 *
 * @param name file name without extension; also seeds the weights
 * @param embedding type of the embedding and of the output matrix
 * @param tiedOutput whether the embedding is the output matrix, too
 */
public record TinyModel(
    String name,
    TinyArchitecture architecture,
    Attention attention,
    Rope rope,
    FeedForward feedForward,
    GgmlType embedding,
    boolean tiedOutput) {

  static final int WIDTH = 256;
  static final int LAYERS = 2;
  static final int CONTEXT = 256;
  static final float RMS_EPSILON = 1e-5f;

  /** Positions that the comparison evaluates. */
  static final int POSITIONS = 72;

  /**
   * @param type of the four matrices
   * @param heads query heads
   * @param kvHeads key and value heads; as many as {@code heads} for multi-head attention
   * @param headDim width of a head; heads times headDim need not be the model's width
   */
  public record Attention(GgmlType type, int heads, int kvHeads, int headDim) {}

  /**
   * @param base base of the rotation frequencies
   * @param factors whether the file divides each frequency by a factor ({@code rope_freqs})
   */
  public record Rope(float base, boolean factors) {}

  /**
   * @param type of the three matrices
   * @param width of the hidden layer, one expert's if there are experts
   * @param experts experts per layer; 0 for a dense model
   * @param used experts that a token is sent to; 0 for a dense model
   * @param router type of the router
   */
  public record FeedForward(GgmlType type, int width, int experts, int used, GgmlType router) {
    boolean hasExperts() {
      return experts > 0;
    }
  }

  /** Grouped-query attention and no experts, all matrices of one type. */
  public static TinyModel dense(String name, GgmlType type) {
    return new TinyModel(
        name,
        TinyArchitecture.LLAMA,
        new Attention(type, 4, 2, 64),
        new Rope(10000f, false),
        new FeedForward(type, 256, 0, 0, GgmlType.F32),
        type,
        false);
  }

  /** Grouped-query attention and four experts, two of them used, all matrices of one type. */
  public static TinyModel mixture(String name, GgmlType type) {
    return dense(name, type).with(new FeedForward(type, 256, 4, 2, GgmlType.F32));
  }

  /** Of another architecture. */
  public TinyModel with(TinyArchitecture other) {
    return new TinyModel(name, other, attention, rope, feedForward, embedding, tiedOutput);
  }

  public TinyModel with(Attention other) {
    return new TinyModel(name, architecture, other, rope, feedForward, embedding, tiedOutput);
  }

  public TinyModel with(Rope other) {
    return new TinyModel(name, architecture, attention, other, feedForward, embedding, tiedOutput);
  }

  /** With other feed-forward blocks. */
  public TinyModel with(FeedForward other) {
    return new TinyModel(name, architecture, attention, rope, other, embedding, tiedOutput);
  }

  TinyModel withTiedOutput() {
    return new TinyModel(name, architecture, attention, rope, feedForward, embedding, true);
  }

  /** Java fixes a string's hash code, so the name fixes the weights. */
  long seed() {
    return name.hashCode();
  }

  /** The tokens to evaluate: any of the vocabulary, bytes and control tokens among them. */
  public int[] tokens() {
    return new Random(~seed()).ints(POSITIONS, 0, TinyVocabulary.SIZE).toArray();
  }

  /** The least exact of the types that weights are stored in: it decides the tolerance. */
  Precision precision() {
    return Precision.coarsest(attention.type(), feedForward.type(), embedding);
  }
}
