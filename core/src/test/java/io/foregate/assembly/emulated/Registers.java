package io.foregate.assembly.emulated;

import io.foregate.assembly.Gpr;
import java.util.Random;

/**
 * What a processor holds. Numbers as in encodings; vectors are 64 bytes each, one after another.
 */
final class Registers {
  /** Bytes of a vector. */
  static final int VECTOR = 64;

  /** Behind the vectors: what an instruction has read from memory or a general register. */
  static final int OPERAND = 32 * VECTOR;

  /** Behind that: what an instruction makes, before it is known where it goes. */
  static final int RESULT = OPERAND + VECTOR;

  final long[] general = new long[16];
  final byte[] vectors = new byte[RESULT + VECTOR];
  final long[] masks = new long[8];
  final Flags flags = new Flags();
  final Tiles tiles = new Tiles();

  /** Offset in the code of the instruction that comes next. */
  int next;

  /** Fills all with what no code may rely on. */
  void scramble(long seed) {
    var random = new Random(seed);
    random.nextBytes(vectors);
    for (int i = 0; i < general.length; i++) {
      general[i] = random.nextLong();
    }
    for (int i = 0; i < masks.length; i++) {
      masks[i] = random.nextLong();
    }
  }

  long get(Gpr register) {
    return general[register.ordinal()];
  }

  void set(Gpr register, long value) {
    general[register.ordinal()] = value;
  }
}
