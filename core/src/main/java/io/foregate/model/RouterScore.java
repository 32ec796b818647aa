package io.foregate.model;

import java.util.Arrays;
import java.util.Optional;

/** How a router's logits become scores, by which experts are picked and weighed. */
public enum RouterScore {
  /** Softmax over all experts. */
  SOFTMAX(1),
  /** Softmax over the logits of those that were picked, the others left out. */
  SOFTMAX_OF_PICKED(3),
  /** Each expert's for itself: {@code 1 / (1 + exp(-logit))}. */
  SIGMOID(2);

  /** The number that llama.cpp gives to this gating function. */
  private final int function;

  RouterScore(int function) {
    this.function = function;
  }

  /** The score with that number in a GGUF file; empty if there is none. */
  public static Optional<RouterScore> ofFunction(int number) {
    return Arrays.stream(values()).filter(score -> score.function == number).findFirst();
  }
}
