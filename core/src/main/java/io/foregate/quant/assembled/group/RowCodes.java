package io.foregate.quant.assembled.group;

import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.InstructionSet;

/** The codes of a block of 32 weights of each of a group's rows. */
interface RowCodes {
  /** Whether codes are signed bytes, -128 to 127; else they are unsigned. */
  boolean signed(InstructionSet set);

  /** What a code is larger than what it stands for: 0, or a power of two from 8 on. */
  int excess(InstructionSet set);

  /** The largest code, or magnitude of one. */
  int greatest(InstructionSet set);

  /** Loads what stays in registers. Runs once, before the rows. */
  void constants(GroupFrame f);

  /**
   * Writes code that unpacks all codes, and code of the reader's between.
   *
   * @param scratch a register for both, overwritten
   */
  void read(GroupFrame f, Vec scratch, Reader reader);

  /** Writes what {@link #constants} and {@link #read} read, behind the code. */
  void data(GroupFrame f);

  /** What uses the codes. */
  interface Reader {
    /**
     * @param four in each lane four codes of a row
     * @param element the first one's number in its block
     */
    void four(Vec four, int element);
  }
}
