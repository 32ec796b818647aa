package io.foregate.bench.compare;

import io.foregate.bench.measure.Allocation;
import io.foregate.bench.measure.ReadLoop;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.TimedEngine;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.bench.measure.TokenBytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Times two engines at the same workloads, taking turns: whatever else the machine does meets both
 * alike, and ratios are taken pairwise.
 */
final class PairedRun {
  private static final int BOS = 1;

  private final TimedEngine ours;
  private final TimedEngine theirs;
  private final int vocabulary;
  private final Pace pace;
  private final ReadLoop memory;
  private final TokenBytes bytes;

  /**
   * How long things take.
   *
   * @param warmUpSeconds per engine
   * @param repetitions pairs of samples
   * @param pauseMillis before each sample
   */
  record Pace(double warmUpSeconds, int repetitions, long pauseMillis) {
    /**
     * Long enough for the other engine's threads to stop spinning, which ggml's do for 6.5 million
     * rounds after their work is done, on some machines a quarter of a second.
     */
    private static final long PAUSE_MILLIS = 1000;

    static Pace of(double warmUpSeconds, int repetitions) {
      return new Pace(warmUpSeconds, repetitions, PAUSE_MILLIS);
    }
  }

  /**
   * @param memory read with as many threads as the engines have, beside every decode
   * @param bytes what a token needs from it
   */
  PairedRun(
      TimedEngine ours,
      TimedEngine theirs,
      int vocabulary,
      Pace pace,
      ReadLoop memory,
      TokenBytes bytes) {
    this.ours = ours;
    this.theirs = theirs;
    this.vocabulary = vocabulary;
    this.pace = pace;
    this.memory = memory;
    this.bytes = bytes;
  }

  /** Samples of one workload in the order in which they were taken, ours first in every pair. */
  Report.Result run(TimedFeed workload) {
    int[] ids = tokens(workload.end());
    workload.fill(ours, ids);
    workload.fill(theirs, ids);
    warmUp(workload, ours, ids);
    warmUp(workload, theirs, ids);
    double difference = largestDifference();
    int repetitions = pace.repetitions();
    var oursNs = new long[repetitions];
    var theirsNs = new long[repetitions];
    List<Long> memoryNs = new ArrayList<>();
    var allocation = new Allocation();
    long allocated = 0;
    for (int i = 0; i < repetitions; i++) {
      settle(workload, ours, ids);
      long before = allocation.bytes();
      oursNs[i] = workload.run(ours, ids);
      allocated += allocation.bytes() - before;
      settle(workload, theirs, ids);
      theirsNs[i] = workload.run(theirs, ids);
      if (!workload.atOnce()) {
        pause();
        memory.time();
        memoryNs.add(memory.time());
      }
    }
    double perToken = (double) allocated / repetitions / workload.tokens();
    return Report.Result.of(
        workload, oursNs, theirsNs, difference, perToken, speed(workload, memoryNs));
  }

  /** Of a decode: a prefill is held up by arithmetic, not by memory. */
  private Optional<Report.LoopSamples> speed(TimedFeed workload, List<Long> memoryNs) {
    return workload.atOnce()
        ? Optional.empty()
        : Optional.of(new Report.LoopSamples(bytes.average(workload), memory.bytes(), memoryNs));
  }

  /** Gives the machine to an engine: the other engine falls asleep, caches are filled again. */
  private void settle(TimedFeed workload, TimedEngine engine, int[] ids) {
    pause();
    workload.run(engine, ids);
  }

  private void pause() {
    try {
      Thread.sleep(pace.pauseMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted between samples", e);
    }
  }

  /** At least once, and again until the time is over. */
  private void warmUp(TimedFeed workload, TimedEngine engine, int[] ids) {
    long begin = System.nanoTime();
    do {
      workload.run(engine, ids);
    } while ((System.nanoTime() - begin) / 1e9 < pace.warmUpSeconds());
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

  /**
   * As llama-bench, random tokens after the one that begins a text; at every position the same each
   * time, however many there are.
   */
  private int[] tokens(int count) {
    int[] ids = new Random(1).ints(count, 0, vocabulary).toArray();
    ids[0] = BOS;
    return ids;
  }
}
