package io.foregate.model;

/**
 * Which elements of a head are rotated together. A wrong choice gives fluent nonsense without an
 * error, so it is a fact of the {@link Family}, never a guess.
 */
public enum RopeStyle {
  /** Neighbours: element {@code 2i} with {@code 2i + 1} (llama.cpp's NORM). */
  NORM,
  /** Halves: element {@code i} with {@code i + dimensions / 2} (GPT-NeoX, Hugging Face). */
  NEOX
}
