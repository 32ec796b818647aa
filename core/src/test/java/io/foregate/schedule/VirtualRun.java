package io.foregate.schedule;

import io.foregate.schedule.Scheduler.Ready;
import java.util.ArrayList;
import java.util.List;

/** Drives a scheduler through made-up routing on a virtual clock; checks it at every step. */
final class VirtualRun {
  static final long BYTES = 4 << 20;

  private final Scheduler scheduler;
  private final Wave wave;
  private final List<CopyOrder> flying = new ArrayList<>();
  private final long copyNanos;
  private final long expertNanos;
  private final long attentionNanos;
  private final float[] probabilities;
  private final Runnable check;
  long now = 1;
  private long linkFree;
  private final List<Long> ends = new ArrayList<>();
  private int failEvery;
  private int landed;

  VirtualRun(
      Scheduler scheduler, long copyNanos, long expertNanos, long attentionNanos, Runnable check) {
    this.scheduler = scheduler;
    this.copyNanos = copyNanos;
    this.expertNanos = expertNanos;
    this.attentionNanos = attentionNanos;
    this.check = check;
    wave = new Wave(scheduler.grid().experts());
    probabilities = new float[8 * scheduler.grid().experts()];
  }

  /** From now on every n-th copy fails; 0: none does. */
  void failEvery(int n) {
    failEvery = n;
  }

  /** Feeds tokens one by one. Returns nanoseconds per token after the first {@code warm}. */
  double decode(Routes routes, double[] recall, int warm) {
    long start = 0;
    for (int t = 0; t < routes.tokens(); t++) {
      if (t == warm) {
        start = now;
      }
      scheduler.begin(1, now);
      for (int l = 0; l < routes.grid.layers(); l++) {
        advance(attentionNanos);
        if (recall.length > 0) {
          routes.predict(t, l, recall, probabilities);
          scheduler.predicted(l, probabilities, recall.length, now);
        }
        layer(l, routes.at(t, l), 1, expertNanos);
      }
    }
    return (double) (now - start) / (routes.tokens() - warm);
  }

  /** One batch, all of whose layers use {@code chosen}. */
  void prefill(int layers, int[] chosen, int tokens) {
    scheduler.begin(tokens, now);
    for (int l = 0; l < layers; l++) {
      advance(attentionNanos);
      layer(l, chosen, tokens, expertNanos);
    }
  }

  private void layer(int l, int[] chosen, int tokens, long nanosPerExpert) {
    scheduler.routed(l, chosen, tokens, now);
    dispatch();
    Ready ready = scheduler.next(wave, now);
    while (ready != Ready.FINISHED) {
      if (ready == Ready.WAIT) {
        waitForCopy();
      } else {
        dispatch();
        advance(wave.count() * nanosPerExpert * (wave.onHost() ? 4 : 1));
        scheduler.release(wave, now);
        dispatch();
      }
      ready = scheduler.next(wave, now);
    }
    scheduler.layerDone(l, now);
    dispatch();
  }

  private void dispatch() {
    check.run();
    CopyOrder order = scheduler.nextCopy(now);
    while (order != null) {
      linkFree = Math.max(linkFree, now) + copyNanos * order.bytes() / BYTES;
      flying.add(order);
      ends.add(linkFree);
      check.run();
      order = scheduler.nextCopy(now);
    }
  }

  private void waitForCopy() {
    if (flying.isEmpty()) {
      throw new AssertionError("waits for a copy, and none is in flight");
    }
    landFirst();
  }

  private void landFirst() {
    now = Math.max(now, ends.removeFirst());
    CopyOrder order = flying.removeFirst();
    landed++;
    if (failEvery > 0 && landed % failEvery == 0) {
      scheduler.copyFailed(order, new IllegalStateException("planted"), now);
    } else {
      scheduler.copyDone(order, now);
    }
    dispatch();
  }

  /** Lets time pass, copies landing as they do. */
  void advance(long nanos) {
    long until = now + nanos;
    while (!ends.isEmpty() && ends.getFirst() <= until) {
      landFirst();
    }
    now = until;
  }
}
