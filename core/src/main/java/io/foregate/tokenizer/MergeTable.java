package io.foregate.tokenizer;

import java.util.Arrays;

/**
 * Which pairs of symbols merge, to what, and in which order: a hash table with open addressing, as
 * there are hundreds of thousands and each is looked up for each pair of a text.
 */
final class MergeTable {
  private static final long EMPTY = -1;

  private final long[] keys; // left symbol in the upper half, right one in the lower
  private final long[] merges; // a PairMerger.candidate
  private final int mask;

  /** A table with room for that many pairs. */
  MergeTable(int pairs) {
    int capacity = Integer.highestOneBit(Math.max(8, pairs)) * 4;
    keys = new long[capacity];
    merges = new long[capacity];
    mask = capacity - 1;
    Arrays.fill(keys, EMPTY);
  }

  /** Adds a pair; the first of equal pairs stays. Symbols are not negative. */
  void add(int left, int right, int rank, int merged) {
    int slot = slot(key(left, right));
    if (keys[slot] == EMPTY) {
      keys[slot] = key(left, right);
      merges[slot] = PairMerger.candidate(rank, merged);
    }
  }

  /** The pair's {@link PairMerger#candidate}, or {@link PairMerger#NONE}. */
  long find(int left, int right) {
    int slot = slot(key(left, right));
    return keys[slot] == EMPTY ? PairMerger.NONE : merges[slot];
  }

  private int slot(long key) {
    int slot = (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & mask;
    while (keys[slot] != EMPTY && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static long key(int left, int right) {
    return ((long) left << 32) | right;
  }
}
