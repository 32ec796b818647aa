package io.foregate.quant.assembled.group;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Label;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.InstructionSet;

/** Q5_0's and Q5_1's codes: 32 fifth bits, then nibbles. */
final class FiveBitCodes implements RowCodes {
  private static final int FIFTH = 0x10;

  private final int at;
  private final int excess;
  private final NibbleCodes nibbles;
  private final Label spreads = new Label();
  private final Label bits = new Label();
  private final Label values = new Label();
  private Operand bit;
  private Vec value;

  /**
   * @param at where the four bytes of fifth bits begin in the block
   * @param excess what a code is larger than what it stands for: 0 or 16
   */
  FiveBitCodes(int at, int excess) {
    this.at = at;
    this.excess = excess;
    this.nibbles = new NibbleCodes(at + 4, excess);
  }

  @Override
  public boolean signed(InstructionSet set) {
    return false;
  }

  @Override
  public int excess(InstructionSet set) {
    return excess;
  }

  @Override
  public int greatest(InstructionSet set) {
    return 31;
  }

  @Override
  public void constants(GroupFrame f) {
    nibbles.constants(f);
    bit = f.constant(bits);
    value = f.kept(values);
  }

  @Override
  public void read(GroupFrame f, Vec scratch, Reader reader) {
    Assembler a = f.a;
    Vec fifths = RowLoads.fourBytes(f, at);
    nibbles.read(
        f,
        scratch,
        (four, element) -> {
          // Four bits of a row to the low bits of four bytes, one to each, and what they stand for.
          if (element % 8 == 4) {
            a.vpsrlw(scratch, fifths, 4);
          }
          Vec from = element % 8 == 4 ? scratch : fifths;
          a.vpshufb(scratch, from, Address.of(spreads).plus(element / 8 * f.set.bits() / 8));
          a.vpand(scratch, scratch, bit);
          a.vpshufb(scratch, value, scratch);
          a.vpor(four, four, scratch);
          reader.four(four, element);
        });
  }

  @Override
  public void data(GroupFrame f) {
    nibbles.data(f);
    f.data(bits, 1, 2, 4, 8);
    f.data(values, 0, FIFTH, FIFTH, 0, FIFTH, 0, 0, 0, FIFTH, 0, 0, 0, 0, 0, 0, 0);
    f.a.bind(spreads);
    for (int part = 0; part < 4; part++) {
      for (int row = 0; row < f.set.bits() / 32; row++) {
        int from = row % 4 * 4 + part;
        f.a.bytes(from, from, from, from);
      }
    }
  }
}
