package io.foregate.quant.assembled.group;

import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.format.Codebook;

/** Nibbles that are numbers of values in a codebook, as IQ4_NL's and MXFP4's. */
final class TableCodes implements RowCodes {
  private final NibbleCodes nibbles;
  private final Codebook book;
  private final int least;
  private final Label values = new Label();
  private Vec value;

  /**
   * @param at where the 16 bytes of nibbles begin in the block
   */
  TableCodes(int at, Codebook book) {
    this.nibbles = new NibbleCodes(at, 0);
    this.book = book;
    this.least = book.least();
  }

  @Override
  public boolean signed(InstructionSet set) {
    return set == InstructionSet.AVX2 && least < -16;
  }

  /** Makes all values positive. */
  @Override
  public int excess(InstructionSet set) {
    return signed(set) ? 0 : least < -16 ? 128 : 16;
  }

  @Override
  public int greatest(InstructionSet set) {
    return book.greatest() + excess(set);
  }

  @Override
  public void constants(GroupFrame f) {
    nibbles.constants(f);
    value = f.kept(values);
  }

  @Override
  public void read(GroupFrame f, Vec scratch, Reader reader) {
    nibbles.read(
        f,
        scratch,
        (four, element) -> {
          f.a.vpshufb(four, value, four);
          reader.four(four, element);
        });
  }

  @Override
  public void data(GroupFrame f) {
    nibbles.data(f);
    int[] bytes = new int[book.length()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = book.value(i) + excess(f.set);
    }
    f.data(values, bytes);
  }
}
