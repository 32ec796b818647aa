package io.foregate.quant.assembled.group;

import io.foregate.assembly.Vec;

/** A number of a block of each of a group's rows: scales, or minima. */
interface RowFactors {
  /** Takes a register with the numbers as floats, a lane for each row. */
  Vec read(GroupFrame f);

  /** Writes what {@link #read} reads, behind the code. */
  void data(GroupFrame f);

  /** Numbers of type f16 at a block's byte {@code offset}. */
  static RowFactors f16(int offset) {
    return new RowFactors() {
      @Override
      public Vec read(GroupFrame f) {
        return RowLoads.f16(f, offset);
      }

      @Override
      public void data(GroupFrame f) {
        // There are no constants.
      }
    };
  }
}
