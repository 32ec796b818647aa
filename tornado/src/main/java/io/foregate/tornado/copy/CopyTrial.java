package io.foregate.tornado.copy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/**
 * Copies known records to slots at random and has a kernel bring back what it reads there: does the
 * engine put every word where it belongs, and how fast?
 */
final class CopyTrial {
  private static final int SLOTS = 4;
  private static final int COPIES = 12;

  /** Copies that are not timed: what is set up at first use is not the engine's speed. */
  private static final int WARM_UP = 2;

  /** Longer than what engines copy in one piece, and than CUDA's ring. */
  private static final int MAX_WORDS = (10 << 20) / 4;

  /** What a test takes of a pool. */
  static final int MAX_POOL_WORDS = SLOTS * MAX_WORDS;

  /** Where the second part of a record begins. */
  private static final int BLOCK_WORDS = 64;

  private CopyTrial() {}

  /**
   * GB/s into the memory's pool, whose content is lost.
   *
   * @throws IllegalStateException if a word is wrong
   */
  static double gbps(DeviceMemory memory) {
    int words = Math.min(memory.poolWords() / SLOTS, MAX_WORDS);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment[] records = new MemorySegment[SLOTS + 1];
      var random = new Random(7);
      for (int i = 0; i < records.length; i++) {
        records[i] = record(arena, words, random);
      }
      int[] held = new int[SLOTS];
      for (int slot = 0; slot < SLOTS; slot++) { // some are never written again
        held[slot] = random.nextInt(records.length);
        write(memory, records[held[slot]], words, slot);
      }
      long nanos = 0;
      for (int i = 0; i < COPIES; i++) {
        int slot = random.nextInt(SLOTS);
        held[slot] = random.nextInt(records.length);
        long start = System.nanoTime();
        write(memory, records[held[slot]], words, slot);
        nanos += i < WARM_UP ? 0 : System.nanoTime() - start;
      }
      MemorySegment found = arena.allocate(4L * words, 4);
      for (int slot = 0; slot < SLOTS; slot++) {
        memory.read(slot * words, found);
        long at = found.mismatch(records[held[slot]]);
        if (at >= 0) {
          throw new IllegalStateException(
              "its self-test found byte %d of slot %d to be wrong".formatted(at, slot));
        }
      }
      return (COPIES - WARM_UP) * 4.0 * words / Math.max(1, nanos);
    }
  }

  /** In two parts, as records come that are cancelled in between. */
  private static void write(DeviceMemory memory, MemorySegment record, int words, int slot) {
    long first = 4L * Math.min(words, words / 3 / BLOCK_WORDS * BLOCK_WORDS);
    if (first > 0) {
      memory.write(record, 0, first, slot * words);
    }
    memory.write(record, first, 4L * words - first, slot * words + (int) (first / 4));
  }

  private static MemorySegment record(Arena arena, int words, Random random) {
    MemorySegment record = arena.allocate(4L * words, 256);
    for (int i = 0; i < words; i++) {
      record.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt());
    }
    return record;
  }
}
