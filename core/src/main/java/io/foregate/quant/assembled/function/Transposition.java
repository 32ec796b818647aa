package io.foregate.quant.assembled.function;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;

/** Turns rows of words into columns. */
public final class Transposition {
  private Transposition() {}

  /**
   * Lets four registers have the first words of four rows, their second words, and so on, in each
   * stretch of 128 bits.
   *
   * @param rows overwritten; the last one's register is free afterwards
   * @param other one of the results
   */
  public static Vec[] write(Assembler a, Vec[] rows, Vec other) {
    a.vpunpckldq(other, rows[0], rows[1]);
    a.vpunpckhdq(rows[0], rows[0], rows[1]);
    a.vpunpckldq(rows[1], rows[2], rows[3]);
    a.vpunpckhdq(rows[3], rows[2], rows[3]);
    a.vpunpcklqdq(rows[2], other, rows[1]);
    a.vpunpckhqdq(rows[1], other, rows[1]);
    a.vpunpcklqdq(other, rows[0], rows[3]);
    a.vpunpckhqdq(rows[0], rows[0], rows[3]);
    return new Vec[] {rows[2], rows[1], other, rows[0]};
  }
}
