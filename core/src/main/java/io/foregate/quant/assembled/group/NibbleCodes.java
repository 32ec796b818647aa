package io.foregate.quant.assembled.group;

import io.foregate.assembly.Label;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.InstructionSet;

/**
 * Codes of four bits: of 16 bytes, the low halves are the first 16 and the high halves the rest.
 */
final class NibbleCodes implements RowCodes {
  private final int at;
  private final int excess;
  private final Label label = new Label();
  private Operand mask;

  /**
   * @param at where the 16 bytes begin in the block
   * @param excess what a code is larger than what it stands for: 0 or 8
   */
  NibbleCodes(int at, int excess) {
    this.at = at;
    this.excess = excess;
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
    return 15;
  }

  @Override
  public void constants(GroupFrame f) {
    mask = f.constant(label);
  }

  @Override
  public void read(GroupFrame f, Vec scratch, Reader reader) {
    Vec[] columns = RowLoads.sixteenBytes(f, at);
    Vec low = f.registers.take();
    for (int i = 0; i < 4; i++) {
      f.a.vpand(low, columns[i], mask);
      reader.four(low, 4 * i);
      f.a.vpsrlw(columns[i], columns[i], 4);
      f.a.vpand(columns[i], columns[i], mask);
      reader.four(columns[i], 16 + 4 * i);
    }
  }

  @Override
  public void data(GroupFrame f) {
    f.data(label, 0x0F);
  }
}
