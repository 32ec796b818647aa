package io.foregate.tokenizer;

import java.util.Arrays;

/**
 * Merges neighbouring symbols of a text, best pair first, the leftmost of equally good ones first,
 * until no pair can be merged: the heart of both byte-pair encodings. O(n log n) in the symbols.
 *
 * <p>Use: {@link #begin}, {@link #add} each symbol from left to right, {@link #merge}, and read the
 * result by {@code for (int i = 0; i >= 0; i = next(i))}. Reusable; for one thread.
 */
final class PairMerger {
  /** What a {@link Rule} answers for a pair that does not merge. */
  static final long NONE = Long.MAX_VALUE;

  /** Says which pairs merge. */
  interface Rule {
    /**
     * @param left the id of the left symbol
     * @param right the id of the right symbol
     * @param from where the pair begins in the text
     * @param to where it ends, exclusive
     * @return {@link #candidate}, or {@link #NONE}
     */
    long pair(int left, int right, int from, int to);
  }

  private final LongHeap queue = new LongHeap();
  private int[] ids = new int[64];
  private int[] starts = new int[64];
  private int[] nexts = new int[64];
  private int[] previous = new int[64];
  private long[] pairs = new long[64]; // what symbol i and its next one would merge to
  private int size;
  private int end;

  /** A pair that merges to symbol {@code id}; the lowest rank of a text is merged first. */
  static long candidate(int rank, int id) {
    return ((long) rank << 32) | id;
  }

  /** Forgets the text before. */
  void begin() {
    size = 0;
    queue.clear();
  }

  /** Appends a symbol that begins at {@code from} in the text. */
  void add(int id, int from) {
    if (size == ids.length) {
      grow();
    }
    ids[size] = id;
    starts[size] = from;
    nexts[size] = size + 1;
    previous[size] = size - 1;
    pairs[size] = NONE;
    size++;
  }

  /**
   * Merges all that can be merged; {@code end} is where the last symbol ends. There is one at
   * least.
   */
  void merge(int end, Rule rule) {
    this.end = end;
    nexts[size - 1] = -1;
    for (int i = 0; i < size - 1; i++) {
      offer(i, rule);
    }
    while (!queue.isEmpty()) {
      long key = queue.pop();
      int left = (int) key;
      // An entry of a pair that has changed since is stale, unless the new pair ranks the same:
      // then
      // its own entry is equal to this one, and either may go first.
      if (pairs[left] != NONE && rank(pairs[left]) == rank(key)) {
        unite(left);
        if (previous[left] >= 0) {
          offer(previous[left], rule);
        }
        offer(left, rule);
      }
    }
  }

  /** The symbol after {@code symbol}, or -1. */
  int next(int symbol) {
    return nexts[symbol];
  }

  int id(int symbol) {
    return ids[symbol];
  }

  int start(int symbol) {
    return starts[symbol];
  }

  int end(int symbol) {
    return nexts[symbol] < 0 ? end : starts[nexts[symbol]];
  }

  private static int rank(long pair) {
    return (int) (pair >> 32);
  }

  private void unite(int left) {
    int right = nexts[left];
    ids[left] = (int) pairs[left];
    nexts[left] = nexts[right];
    if (nexts[right] >= 0) {
      previous[nexts[right]] = left;
    }
    pairs[right] = NONE;
  }

  private void offer(int left, Rule rule) {
    int right = nexts[left];
    pairs[left] = right < 0 ? NONE : rule.pair(ids[left], ids[right], starts[left], end(right));
    if (pairs[left] != NONE) {
      queue.push(((long) rank(pairs[left]) << 32) | left);
    }
  }

  private void grow() {
    int capacity = 2 * size;
    ids = Arrays.copyOf(ids, capacity);
    starts = Arrays.copyOf(starts, capacity);
    nexts = Arrays.copyOf(nexts, capacity);
    previous = Arrays.copyOf(previous, capacity);
    pairs = Arrays.copyOf(pairs, capacity);
  }
}
