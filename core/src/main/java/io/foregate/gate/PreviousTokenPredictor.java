package io.foregate.gate;

import java.util.Arrays;

/**
 * Predicts that a layer uses the experts again that it used last, with the probability that it has
 * done so in the sequence so far; of the others, the frequent ones.
 */
public final class PreviousTokenPredictor implements ExpertPredictor {
  private final int layers;
  private final int experts;
  private final int used;
  private final int horizon;
  private final boolean[] last;
  private final long[] repeated;
  private final long[] seen;
  private final FrequencyPredictor frequency;

  /**
   * @param used experts per token
   * @param horizon layers to look ahead
   */
  public PreviousTokenPredictor(int layers, int experts, int used, int horizon) {
    this.layers = layers;
    this.experts = experts;
    this.used = used;
    this.horizon = horizon;
    this.last = new boolean[layers * experts];
    this.repeated = new long[layers];
    this.seen = new long[layers];
    this.frequency = new FrequencyPredictor(layers, experts, used, horizon);
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

  private void of(int layer, float[] out, int from) {
    frequency.of(layer, out, from);
    // Half a repetition in one sight is what there was before the first.
    float repeats = (repeated[layer] + 0.5f) / (seen[layer] + 1);
    float others = 0;
    for (int e = 0; e < experts; e++) {
      others += last[layer * experts + e] ? 0 : out[from + e];
    }
    for (int e = 0; e < experts; e++) {
      boolean again = last[layer * experts + e];
      out[from + e] =
          again
              ? repeats
              : Math.min(repeats, used * (1 - repeats) * out[from + e] / Math.max(others, 1e-6f));
    }
  }

  @Override
  public void observe(int layer, int[] ids, int from, int count) {
    if (frequency.hasSeen(layer)) {
      for (int i = from; i < from + count; i++) {
        repeated[layer] += last[layer * experts + ids[i]] ? 1 : 0;
      }
      seen[layer] += count;
    }
    frequency.observe(layer, ids, from, count);
    Arrays.fill(last, layer * experts, (layer + 1) * experts, false);
    for (int i = from; i < from + count; i++) {
      last[layer * experts + ids[i]] = true;
    }
  }

  @Override
  public void reset() {
    Arrays.fill(last, false);
    Arrays.fill(repeated, 0);
    Arrays.fill(seen, 0);
    frequency.reset();
  }
}
