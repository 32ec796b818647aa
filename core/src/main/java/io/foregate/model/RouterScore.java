package io.foregate.model;

/** How a router's logits become the weights of the experts that were picked. */
public enum RouterScore {
  /**
   * Softmax over all experts, the top-k kept and divided by their sum. Equal to a softmax over the
   * top-k logits alone, which is how Mixtral (arXiv 2401.04088, section 2.1) writes it.
   */
  SOFTMAX_RENORMALIZED
}
