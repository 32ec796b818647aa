package io.foregate.assembly;

/** The bytes that say where in memory an operand lies (the manual's chapter 2.1.5). */
final class ModRm {
  /** Stands for an index where there is none. */
  private static final int NO_INDEX = -1;

  private ModRm() {}

  /**
   * Writes ModRM, SIB and displacement.
   *
   * @param scale what a displacement of one byte counts in: 1 except in EVEX
   * @return where the four bytes of a label's distance stand; -1 if the address has no label
   */
  static int write(CodeBuffer code, int reg, Address a, int scale) {
    if (a.label() != null) {
      code.u8((reg & 7) << 3 | 5);
      int at = code.size();
      code.i32(0);
      return at;
    }
    int index = a.index() == null ? NO_INDEX : a.index().ordinal();
    write(code, reg, a.base(), index, a.scale(), a.displacement(), scale);
    return -1;
  }

  /**
   * The same where an index may be a vector register.
   *
   * @param index its number, or {@link #NO_INDEX}
   * @param unit what a displacement of one byte counts in
   */
  static void write(
      CodeBuffer code, int reg, Gpr from, int index, int scale, int displacement, int unit) {
    int field = (reg & 7) << 3;
    int base = from.ordinal() & 7;
    boolean none = displacement == 0 && base != 5; // RBP and R13 always have one
    int small = displacement / unit;
    boolean isSmall = displacement % unit == 0 && small == (byte) small;
    int mode = none ? 0 : isSmall ? 0x40 : 0x80;
    if (index != NO_INDEX || base == 4) { // RSP and R12 always have a SIB byte
      code.u8(mode | field | 4);
      int second = index == NO_INDEX ? 4 : index & 7;
      code.u8(Integer.numberOfTrailingZeros(scale) << 6 | second << 3 | base);
    } else {
      code.u8(mode | field | base);
    }
    if (mode == 0x40) {
      code.u8(small);
    } else if (mode == 0x80) {
      code.i32(displacement);
    }
  }
}
