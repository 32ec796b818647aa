package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;
import io.foregate.quant.format.Codebook;

/** Codes of four bits that stand for a table's values. */
final class BookCodes implements LaneCodes {
  private final PlaneCodes indexes;
  private final Codebook book;

  BookCodes(PlaneCodes indexes, Codebook book) {
    this.indexes = indexes;
    this.book = book;
  }

  @Override
  public int above(ProductFrame f, int lane) {
    return 0;
  }

  @Override
  public int greatest() {
    return book.greatest() - book.least();
  }

  @Override
  public int centre() {
    return -book.least();
  }

  @Override
  public void read(ProductFrame f, int part, Vec[] to) {
    Assembler a = f.a;
    indexes.read(f, part, to);
    Vec table = f.inRegister(f.constants.lanes(lane -> values(lane % 4)), f.take());
    for (Vec codes : to) {
      a.vpshufb(codes, table, codes);
    }
    f.release(f.taken() - 1);
  }

  /** Four of the table's values. */
  private int values(int four) {
    int values = 0;
    for (int i = 0; i < 4; i++) {
      values |= (book.value(4 * four + i) + centre()) << (8 * i);
    }
    return values;
  }
}
