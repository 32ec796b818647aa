package io.foregate.gate;

import java.util.Arrays;

/**
 * Predicts that experts go on being used as often as in the sequence so far: uniform before any is
 * known. Each expert's share begins with the weight of {@value #PRIOR} tokens of uniform use.
 */
public final class FrequencyPredictor implements ExpertPredictor {
  private static final int PRIOR = 4;

  private final int layers;
  private final int experts;
  private final int used;
  private final int horizon;
  private final int[] counts;
  private final int[] tokens;

  /**
   * @param used experts per token
   * @param horizon layers to look ahead
   */
  public FrequencyPredictor(int layers, int experts, int used, int horizon) {
    this.layers = layers;
    this.experts = experts;
    this.used = used;
    this.horizon = horizon;
    this.counts = new int[layers * experts];
    this.tokens = new int[layers];
  }

  @Override
  public int horizon() {
    return horizon;
  }

  @Override
  public void predictToken(int token, float[] probabilities) {
    predictFrom(-1, probabilities);
  }

  @Override
  public void predict(int layer, float[] input, float[] probabilities) {
    predictFrom(layer, probabilities);
  }

  private void predictFrom(int layer, float[] probabilities) {
    for (int j = 1; j <= horizon; j++) {
      of((layer + j) % layers, probabilities, (j - 1) * experts);
    }
  }

  /** Writes the probabilities of a layer's experts to {@code out[from ..]}. */
  void of(int layer, float[] out, int from) {
    float all = tokens[layer] + PRIOR;
    for (int e = 0; e < experts; e++) {
      out[from + e] = (counts[layer * experts + e] + PRIOR * (float) used / experts) / all;
    }
  }

  /** Whether the layer's experts have been observed at least once. */
  boolean hasSeen(int layer) {
    return tokens[layer] > 0;
  }

  @Override
  public void observe(int layer, int[] ids, int from, int count) {
    tokens[layer]++;
    for (int i = from; i < from + count; i++) {
      counts[layer * experts + ids[i]]++;
    }
  }

  @Override
  public void reset() {
    Arrays.fill(counts, 0);
    Arrays.fill(tokens, 0);
  }
}
