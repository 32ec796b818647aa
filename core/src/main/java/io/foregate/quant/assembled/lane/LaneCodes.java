package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;

/**
 * Writes what reads the codes of a block of 256 elements into registers of 32-bit lanes, in the
 * order of {@link ActivationLayout#BLOCKS_OF_256}: lane {@code l} of the block has the codes of
 * sub-block {@code l}, four in each of four registers.
 */
interface LaneCodes {
  /** Registers that have the codes of a lane. */
  int REGISTERS = 4;

  /**
   * Reads codes as unsigned bytes.
   *
   * @param part a register has the lanes {@code part * f.lanes()} and following
   * @param to register {@code k} gets the codes {@code 4 k} to {@code 4 k + 3} of its lanes
   */
  void read(ProductFrame f, int part, Vec[] to);

  /** Bits by which a lane's codes are too far left in the registers. */
  int above(ProductFrame f, int lane);

  /** The largest code. */
  int greatest();

  /** What {@link ProductFrame#TABLE} has to point at; empty where there is no table. */
  default byte[] table() {
    return new byte[0];
  }

  /** What is to be subtracted from a code. */
  int centre();
}
