package io.foregate.model;

/**
 * Multi-head latent attention (MLA; DeepSeek-V2, arXiv 2405.04434, section 2.1): the keys and
 * values of all heads are linear maps of one vector per token, and only that vector and a rotated
 * key that all heads share are kept.
 *
 * @param queryRank width of what queries are made of; 0 where they are made of the residual
 * @param rank width of what keys and values are made of
 * @param keySize elements of one head of a query or key that are not rotated
 * @param rotated elements of one head of a query or key that are, behind the others
 * @param valueSize elements of one head of a value
 */
public record LatentConfig(int queryRank, int rank, int keySize, int rotated, int valueSize) {

  /** Elements of one head of a query before it is mapped to the latent's space. */
  public int querySize() {
    return keySize + rotated;
  }
}
