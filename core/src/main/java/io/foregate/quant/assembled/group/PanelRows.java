package io.foregate.quant.assembled.group;

import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.InstructionSet;

/**
 * A step's codes as registers have them: what batches of tokens meet again and again is unpacked
 * once, into a panel.
 *
 * <p>A step of it is {@code byte codes[8][rows][4]}, then {@code float scales[rows]}, then {@code
 * float minima[rows]} if there are some; rows are those of a group.
 */
record PanelRows(RowCodes codes) implements RowCodes {
  /** Registers of codes. */
  static final int REGISTERS = 8;

  /** Where a step has the codes from an element on. */
  static int codes(InstructionSet set, int element) {
    return element / 4 * set.bits() / 8;
  }

  /** Where a step has its scales (0) or minima (1). */
  static int factors(InstructionSet set, int which) {
    return (REGISTERS + which) * set.bits() / 8;
  }

  @Override
  public boolean signed(InstructionSet set) {
    return codes.signed(set);
  }

  @Override
  public int excess(InstructionSet set) {
    return codes.excess(set);
  }

  @Override
  public int greatest(InstructionSet set) {
    return codes.greatest(set);
  }

  @Override
  public void constants(GroupFrame f) {
    // Codes are there as they are used.
  }

  @Override
  public void read(GroupFrame f, Vec scratch, Reader reader) {
    Vec four = f.registers.take();
    for (int element = 0; element < 4 * REGISTERS; element += 4) {
      f.a.vmovdqu(four, f.weights(0, codes(f.set, element)));
      reader.four(four, element);
    }
  }

  @Override
  public void data(GroupFrame f) {
    // There are no constants.
  }

  /** A step's scales (0) or minima (1). */
  static RowFactors factors(int which) {
    return new RowFactors() {
      @Override
      public Vec read(GroupFrame f) {
        Vec factors = f.registers.take();
        f.a.vmovups(factors, f.weights(0, factors(f.set, which)));
        return factors;
      }

      @Override
      public void data(GroupFrame f) {
        // There are no constants.
      }
    };
  }
}
