package io.foregate.quant.assembled.group;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.Transposition;

/** Loads from each of a group's rows, so that lanes are rows. */
final class RowLoads {
  private RowLoads() {}

  /**
   * Sixteen bytes of each row: four registers, whose lanes of 32 bits are the rows' first four
   * bytes, the next four, and so on. Takes their registers, and needs another meanwhile.
   */
  static Vec[] sixteenBytes(GroupFrame f, int offset) {
    Assembler a = f.a;
    Vec[] r = f.registers.take(5);
    // By number in their run, in an order that leaves the last register free.
    Vec[] rows = {r[0], r[1], r[2], r[4]};
    Vec other = r[3];
    for (int i = 0; i < 4; i++) {
      a.vmovdqu(rows[i].x(), f.weights(i, offset));
      for (int run = 1; run < f.rows() / 4; run++) {
        Vec wide = new Vec(rows[i].number(), run < 2 ? 256 : 512);
        a.vinserti128(wide, wide, f.weights(4 * run + i, offset), run);
      }
    }
    Vec[] columns = Transposition.write(a, rows, other);
    f.registers.release(f.registers.taken() - 1);
    return columns;
  }

  /** Four bytes of each row. */
  static Vec fourBytes(GroupFrame f, int offset) {
    Assembler a = f.a;
    Vec[] runs = runs(f, offset, a::vpinsrd);
    a.vinserti128(runs[0].y(), runs[0].y(), runs[1].x(), 1);
    for (int run = 2; run < runs.length; run++) {
      a.vinserti128(runs[0], runs[0], runs[run].x(), run);
    }
    return first(f, runs);
  }

  /** A number of type f16 of each row, as floats. Four bytes are read. */
  static Vec f16(GroupFrame f, int offset) {
    Assembler a = f.a;
    Vec[] runs = runs(f, offset, a::vpinsrw);
    Vec all = runs[0];
    for (int run = 0; run < runs.length; run += 2) {
      a.vpunpcklqdq(runs[run].x(), runs[run].x(), runs[run + 1].x());
    }
    if (runs.length == 4) {
      a.vinserti128(all.y(), all.y(), runs[2].x(), 1);
    }
    a.vcvtph2ps(all, new Vec(all.number(), f.set.bits() / 2));
    return first(f, runs);
  }

  /** A byte of each row, zero-extended. Four bytes are read. */
  static Vec bytes(GroupFrame f, int offset) {
    Assembler a = f.a;
    Vec[] runs = runs(f, offset, a::vpinsrb);
    Vec all = runs[0];
    for (int run = 0; run < runs.length; run += 2) {
      a.vpunpckldq(runs[run].x(), runs[run].x(), runs[run + 1].x());
    }
    if (runs.length == 4) {
      a.vpunpcklqdq(all.x(), all.x(), runs[2].x());
    }
    a.vpmovzxbd(all, all.x());
    return first(f, runs);
  }

  private interface Insert {
    void write(Vec to, Vec from, Address value, int lane);
  }

  /** A register per run, with values of its four rows in the first lanes. */
  private static Vec[] runs(GroupFrame f, int offset, Insert insert) {
    Vec[] runs = f.registers.take(f.rows() / 4);
    for (int run = 0; run < runs.length; run++) {
      Vec to = runs[run].x();
      f.a.vmovd(to, f.weights(4 * run, offset));
      for (int i = 1; i < 4; i++) {
        insert.write(to, to, f.weights(4 * run + i, offset), i);
      }
    }
    return runs;
  }

  private static Vec first(GroupFrame f, Vec[] runs) {
    f.registers.release(f.registers.taken() - runs.length + 1);
    return runs[0];
  }
}
