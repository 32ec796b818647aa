package io.foregate.schedule.sim;

import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.TraceHeader;
import java.util.Arrays;

/**
 * A number of copies that no cache can do without, were it to know the whole trace: Belady's rule
 * (A study of replacement algorithms for a virtual-storage computer, IBM Systems Journal 5(2),
 * 1966), keep what is used again soonest. In favour of the cache, an expert that is not worth
 * keeping runs without taking a slot, and the slots hold what is best when counting begins, for
 * nothing: what a cache learnt in the warm-up is never more than that.
 */
public final class BeladyBound {
  private static final int NEVER = Integer.MAX_VALUE;

  private final RoutingTrace trace;
  private final int layers;
  private final int experts;
  private final int used;

  /** When each choice's expert is used again: a step, counted in layers; or {@link #NEVER}. */
  private final int[] nextUse;

  private final int from;

  /** Resident experts, by number, and when each is used next. */
  private final int[] residents;

  private int count;
  private final int[] nextUseOf;
  private final int[] absent;
  private final boolean[] resident;

  private BeladyBound(RoutingTrace trace, int from, int slots) {
    TraceHeader header = trace.header();
    this.trace = trace;
    this.from = from;
    this.layers = header.layers();
    this.experts = header.experts();
    this.used = header.used();
    int total = layers * experts;
    this.nextUseOf = new int[total];
    this.absent = new int[used];
    this.resident = new boolean[total];
    this.residents = new int[Math.min(slots, total)];
    int steps = Math.multiplyExact(trace.tokens() - from, layers);
    this.nextUse = new int[Math.multiplyExact(steps, used)];
  }

  /**
   * Counts the copies.
   *
   * @param from first token counted
   * @param slots experts that fit, at least 1
   */
  public static long copies(RoutingTrace trace, int from, int slots) {
    var bound = new BeladyBound(trace, from, slots);
    bound.lookAhead();
    bound.fill();
    return bound.replay();
  }

  private int id(int step, int rank) {
    int layer = step % layers;
    return layer * experts + trace.expert(from + step / layers, layer, rank);
  }

  private int steps() {
    return nextUse.length / used;
  }

  private void lookAhead() {
    Arrays.fill(nextUseOf, NEVER);
    for (int step = steps() - 1; step >= 0; step--) {
      for (int rank = 0; rank < used; rank++) {
        int id = id(step, rank);
        nextUse[step * used + rank] = nextUseOf[id];
        nextUseOf[id] = step;
      }
    }
  }

  /** Makes those resident that are used first. */
  private void fill() {
    for (int step = 0; step < steps(); step++) {
      for (int rank = 0; rank < used && count < residents.length; rank++) {
        int id = id(step, rank);
        if (!resident[id]) {
          resident[id] = true;
          residents[count++] = id;
        }
      }
    }
  }

  private long replay() {
    long copies = 0;
    for (int step = 0; step < steps(); step++) {
      int missing = collectMissing(step);
      for (int i = 0; i < missing; i++) {
        keepIfSooner(absent[i]);
      }
      copies += missing;
    }
    return copies;
  }

  /** Writes the experts that a step misses to {@link #absent}. */
  private int collectMissing(int step) {
    int missing = 0;
    for (int rank = 0; rank < used; rank++) {
      int id = id(step, rank);
      nextUseOf[id] = nextUse[step * used + rank];
      if (!resident[id]) {
        absent[missing++] = id;
      }
    }
    return missing;
  }

  /** Keeps an expert in place of the one that is used again last, unless that is itself. */
  private void keepIfSooner(int id) {
    int latest = 0;
    for (int i = 1; i < count; i++) {
      if (nextUseOf[residents[i]] > nextUseOf[residents[latest]]) {
        latest = i;
      }
    }
    if (nextUseOf[residents[latest]] > nextUseOf[id]) {
      resident[residents[latest]] = false;
      residents[latest] = id;
      resident[id] = true;
    }
  }
}
