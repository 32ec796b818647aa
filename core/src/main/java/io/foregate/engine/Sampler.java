package io.foregate.engine;

import io.foregate.options.Sampling;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Picks tokens from logits. The filters apply in llama.cpp's order: repetition penalty, top-k,
 * top-p, min-p, temperature. Keeps the recent tokens and the random numbers of one sequence, so it
 * belongs to that sequence and to one thread. Sampling allocates nothing.
 */
public final class Sampler {
  private final float temperature;
  private final float topP;
  private final float minP;
  private final float repeatPenalty;
  private final RandomGenerator random;
  private final float[] logits;

  /** Candidates as sortable numbers: the logit's order in the high half, the token in the low. */
  private final long[] candidates;

  private final double[] probabilities;
  private final int[] recent;
  private int accepted;

  /**
   * @param sampling what it leaves open is as usual
   * @param seed of the random numbers: the same seed gives the same text
   * @param context the most tokens that there can be, and so be recent
   * @param vocabulary how many logits there are
   */
  public Sampler(Sampling sampling, long seed, int context, int vocabulary) {
    Sampling all = sampling.or(Sampling.usual());
    this.temperature = all.temperature().orElseThrow();
    this.topP = all.topP().orElseThrow();
    this.minP = all.minP().orElseThrow();
    this.repeatPenalty = all.repeatPenalty().orElseThrow();
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    int topK = all.topK().orElseThrow();
    int kept = topK > 0 ? Math.min(topK, vocabulary) : vocabulary;
    this.logits = new float[vocabulary];
    this.candidates = new long[kept];
    this.probabilities = new double[kept];
    this.recent = new int[Math.min(all.repeatLastN().orElseThrow(), context)];
  }

  /** How many tokens are recent. */
  public int window() {
    return recent.length;
  }

  /** Notes a token of the sequence, prompt or generated, for the repetition penalty. */
  public void accept(int token) {
    if (recent.length > 0) {
      recent[accepted++ % recent.length] = token;
    }
  }

  /** The next token. Leaves {@code source} as it is. */
  public int sample(float[] source) {
    System.arraycopy(source, 0, logits, 0, logits.length);
    penalize();
    if (temperature <= 0) {
      return argmax(logits);
    }
    selectCandidates();
    int kept = softmax(candidates.length, 1);
    kept = cutTopP(kept);
    kept = cutMinP(kept);
    return draw(softmax(kept, temperature));
  }

  /** Index of the largest value; the first of equal ones. */
  public static int argmax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  private void penalize() {
    int count = Math.min(accepted, recent.length);
    if (repeatPenalty == 1f) {
      return;
    }
    for (int i = 0; i < count; i++) {
      int token = recent[i];
      if (firstMention(token, i)) {
        logits[token] =
            logits[token] > 0 ? logits[token] / repeatPenalty : logits[token] * repeatPenalty;
      }
    }
  }

  /** A token is penalized once, however often it occurs. */
  private boolean firstMention(int token, int index) {
    for (int i = 0; i < index; i++) {
      if (recent[i] == token) {
        return false;
      }
    }
    return true;
  }

  /**
   * Leaves the most probable tokens in {@link #candidates}, best first; ties: the lower id first.
   */
  private void selectCandidates() {
    int kept = candidates.length;
    for (int i = 0; i < kept; i++) {
      candidates[i] = sortable(logits[i], i);
    }
    if (kept < logits.length) {
      for (int i = kept / 2 - 1; i >= 0; i--) {
        siftDown(i);
      }
      for (int i = kept; i < logits.length; i++) {
        long candidate = sortable(logits[i], i);
        if (candidate > candidates[0]) {
          candidates[0] = candidate;
          siftDown(0);
        }
      }
    }
    Arrays.sort(candidates);
    for (int i = 0, j = kept - 1; i < j; i++, j--) {
      long swapped = candidates[i];
      candidates[i] = candidates[j];
      candidates[j] = swapped;
    }
  }

  /** Restores the min-heap order of {@link #candidates} below {@code parent}. */
  private void siftDown(int parent) {
    int at = parent;
    while (2 * at + 1 < candidates.length) {
      int child = 2 * at + 1;
      if (child + 1 < candidates.length && candidates[child + 1] < candidates[child]) {
        child++;
      }
      if (candidates[at] <= candidates[child]) {
        return;
      }
      long swapped = candidates[at];
      candidates[at] = candidates[child];
      candidates[child] = swapped;
      at = child;
    }
  }

  private static long sortable(float logit, int token) {
    int bits = Float.floatToIntBits(logit);
    int ordered = bits ^ ((bits >> 31) & 0x7fff_ffff); // signed integers in the order of the floats
    return ((long) ordered << 32) | (~token & 0xffff_ffffL);
  }

  private static int token(long candidate) {
    return ~(int) candidate;
  }

  private int softmax(int kept, float temperature) {
    float max = logits[token(candidates[0])];
    double sum = 0;
    for (int i = 0; i < kept; i++) {
      probabilities[i] = Math.exp((logits[token(candidates[i])] - max) / temperature);
      sum += probabilities[i];
    }
    for (int i = 0; i < kept; i++) {
      probabilities[i] /= sum;
    }
    return kept;
  }

  private int cutTopP(int kept) {
    double sum = 0;
    for (int i = 0; i < kept; i++) {
      sum += probabilities[i];
      if (sum >= topP) {
        return i + 1;
      }
    }
    return kept;
  }

  private int cutMinP(int kept) {
    double least = minP * probabilities[0];
    int count = kept;
    while (count > 1 && probabilities[count - 1] < least) {
      count--;
    }
    return count;
  }

  private int draw(int kept) {
    double left = random.nextDouble();
    for (int i = 0; i < kept; i++) {
      left -= probabilities[i];
      if (left < 0) {
        return token(candidates[i]);
      }
    }
    return token(candidates[kept - 1]);
  }
}
