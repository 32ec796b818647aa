package io.foregate.assembly;

/** Loads of lanes from a place each, and the registers that mask them: k1 to k7. */
interface GatherInstructions {
  /** Writes the instructions. */
  VectorEncoder encoder();

  /**
   * Loads the lanes whose sign is set in {@code mask}, which becomes zero. All three registers must
   * differ.
   */
  default void vpgatherdd(Vec to, GatherAddress from, Vec mask) {
    encoder().gather(VectorOp.VPGATHERDD, false, to, from, mask.number());
  }

  /** Loads the lanes whose bit is set in a mask register, which becomes zero. */
  default void vpgatherdd(Vec to, GatherAddress from, int mask) {
    encoder().gather(VectorOp.VPGATHERDD, true, to, from, mask);
  }

  /** Sets 16 bits where both have the same. */
  default void kxnorw(int to, int a, int b) {
    encoder().masks(0x46, to, a, b);
  }
}
