package io.foregate.quant.assembled.group;

import io.foregate.assembly.Label;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.InstructionSet;

/** Q8_0's codes: 32 signed bytes. Where the instructions can take it, 128 is added to them. */
final class ByteCodes implements RowCodes {
  private final int at;
  private final Label label = new Label();
  private Operand sign;

  ByteCodes(int at) {
    this.at = at;
  }

  @Override
  public boolean signed(InstructionSet set) {
    return set == InstructionSet.AVX2;
  }

  @Override
  public int excess(InstructionSet set) {
    return signed(set) ? 0 : 128;
  }

  @Override
  public int greatest(InstructionSet set) {
    return signed(set) ? 128 : 255;
  }

  @Override
  public void constants(GroupFrame f) {
    if (!signed(f.set)) {
      sign = f.constant(label);
    }
  }

  @Override
  public void read(GroupFrame f, Vec scratch, Reader reader) {
    for (int half = 0; half < 32; half += 16) {
      int kept = f.registers.taken();
      Vec[] columns = RowLoads.sixteenBytes(f, at + half);
      for (int i = 0; i < 4; i++) {
        if (!signed(f.set)) {
          f.a.vpxor(columns[i], columns[i], sign);
        }
        reader.four(columns[i], half + 4 * i);
      }
      f.registers.release(kept);
    }
  }

  @Override
  public void data(GroupFrame f) {
    f.data(label, 0x80);
  }
}
