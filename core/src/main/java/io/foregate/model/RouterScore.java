package io.foregate.model;

/** How a router's logits become scores, by which experts are picked and weighed. */
public enum RouterScore {
  /** Softmax over all experts. */
  SOFTMAX,
  /** Softmax over the logits of those that were picked, the others left out. */
  SOFTMAX_OF_PICKED,
  /** Each expert's for itself: {@code 1 / (1 + exp(-logit))}. */
  SIGMOID
}
