package io.foregate.model;

/** What lets a layer's tokens know of those before them. */
public sealed interface Mixer {

  /** Softmax over keys and values, which are kept of every position. */
  record Attention(AttentionConfig config) implements Mixer {}

  /**
   * A gated delta net (arXiv 2412.06464): a matrix per value head, whatever the number of tokens,
   * that each token lets fade and corrects by the delta rule. Queries, keys and values pass a short
   * causal convolution before it.
   *
   * @param keyHeads heads of queries and keys; divides {@code valueHeads}
   * @param valueHeads heads of values, each with a matrix of its own
   * @param headSize elements of a head of a query, key or value
   * @param kernel tokens that the convolution sees, the last one included
   * @param pairing which key head a value head meets
   */
  record DeltaNet(int keyHeads, int valueHeads, int headSize, int kernel, Pairing pairing)
      implements Mixer {

    /** Which value heads share a key head. */
    public enum Pairing {
      /** Neighbours. */
      NEIGHBOURS,

      /** Those as many heads apart as there are key heads. */
      TURNS
    }

    /** The key head that a value head meets. */
    public int keyHead(int valueHead) {
      return switch (pairing) {
        case NEIGHBOURS -> valueHead / (valueHeads / keyHeads);
        case TURNS -> valueHead % keyHeads;
      };
    }

    /** Elements of all queries of a token; of all keys, too. */
    public int keySize() {
      return keyHeads * headSize;
    }

    /** Elements of all values of a token, of their gates, and of what comes out. */
    public int valueSize() {
      return valueHeads * headSize;
    }

    /** Elements of a token that pass the convolution: queries, keys and values. */
    public int channels() {
      return 2 * keySize() + valueSize();
    }

    /** Elements of a token that are made of the residual stream: channels and gates. */
    public int inputSize() {
      return channels() + valueSize();
    }

    /** Elements of all value heads' matrices. */
    public int matrixElements() {
      return valueHeads * headSize * headSize;
    }

    /** Elements of earlier tokens that the convolution still sees. */
    public int tailElements() {
      return (kernel - 1) * channels();
    }

    /** Elements that a layer keeps, whatever the number of tokens. */
    public long keptElements() {
      return (long) matrixElements() + tailElements();
    }
  }
}
