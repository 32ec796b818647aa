package io.foregate.bench;

import java.util.Random;

/**
 * Times two contestants at the same trials, taking turns: whatever else the machine does meets both
 * alike, and ratios are taken pairwise.
 */
final class Duel {
  private static final int BOS = 1;

  /**
   * Before each sample: long enough for the rival's threads to stop spinning, which ggml's do for
   * 6.5 million rounds after their work is done, on some machines a quarter of a second.
   */
  private static final long PAUSE_MILLIS = 1000;

  private final Contestant ours;
  private final Contestant theirs;
  private final int vocabulary;
  private final double warmUpSeconds;
  private final int repetitions;

  Duel(Contestant ours, Contestant theirs, int vocabulary, double warmUpSeconds, int repetitions) {
    this.ours = ours;
    this.theirs = theirs;
    this.vocabulary = vocabulary;
    this.warmUpSeconds = warmUpSeconds;
    this.repetitions = repetitions;
  }

  /** Samples of one trial in the order in which they were taken, ours first in every pair. */
  Report.Result run(Trial trial) {
    int[] ids = tokens(trial.tokens());
    warmUp(trial, ours, ids);
    warmUp(trial, theirs, ids);
    double difference = largestDifference();
    var oursNs = new long[repetitions];
    var theirsNs = new long[repetitions];
    var allocation = new Allocation();
    long allocated = 0;
    for (int i = 0; i < repetitions; i++) {
      settle(trial, ours, ids);
      long before = allocation.bytes();
      oursNs[i] = trial.run(ours, ids);
      allocated += allocation.bytes() - before;
      settle(trial, theirs, ids);
      theirsNs[i] = trial.run(theirs, ids);
    }
    double perToken = (double) allocated / repetitions / trial.tokens();
    return Report.Result.of(trial, oursNs, theirsNs, difference, perToken);
  }

  /** Gives the machine to a contestant: the rival falls asleep, caches are filled again. */
  private static void settle(Trial trial, Contestant contestant, int[] ids) {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted between samples", e);
    }
    trial.run(contestant, ids);
  }

  /** At least once, and again until the time is over. */
  private void warmUp(Trial trial, Contestant contestant, int[] ids) {
    long begin = System.nanoTime();
    do {
      trial.run(contestant, ids);
    } while ((System.nanoTime() - begin) / 1e9 < warmUpSeconds);
  }

  /** Of the probabilities that the two give to a next token, the largest difference. */
  private double largestDifference() {
    double[] a = probabilities(ours.logits());
    double[] b = probabilities(theirs.logits());
    double largest = 0;
    for (int i = 0; i < vocabulary; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  private double[] probabilities(float[] logits) {
    double highest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      highest = Math.max(highest, logits[i]);
    }
    var p = new double[vocabulary];
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      p[i] = Math.exp(logits[i] - highest);
      sum += p[i];
    }
    for (int i = 0; i < vocabulary; i++) {
      p[i] /= sum;
    }
    return p;
  }

  /** As llama-bench, random tokens after the one that begins a text; the same every time. */
  private int[] tokens(int count) {
    int[] ids = new Random(1).ints(count, 0, vocabulary).toArray();
    ids[0] = BOS;
    return ids;
  }
}
