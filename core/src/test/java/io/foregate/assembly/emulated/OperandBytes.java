package io.foregate.assembly.emulated;

/**
 * ModRM, and what belongs to it.
 *
 * @param mode 3 for a register
 * @param reg the field's three bits
 * @param rm the field's three bits
 * @param memory null for a register
 */
record OperandBytes(int mode, int reg, int rm, MemoryOperand memory) {
  /**
   * Reads them.
   *
   * @param x the index's fourth bit, shifted to its place, as {@code b} the base's
   * @param vectorIndex the index's fifth bit where it is a vector, else -1
   * @param unit what a displacement of one byte counts in
   * @param immediates bytes of the instruction behind them
   */
  static OperandBytes read(
      CodeReader code, int x, int b, int vectorIndex, int unit, int immediates) {
    int modRm = code.u8();
    int mode = modRm >> 6;
    int reg = modRm >> 3 & 7;
    int rm = modRm & 7;
    if (mode == 3) {
      return new OperandBytes(mode, reg, rm, null);
    }
    int base = rm | b;
    int index = -1;
    int scale = 1;
    if (rm == 4) {
      int sib = code.u8();
      scale = 1 << (sib >> 6);
      base = (sib & 7) | b;
      index = ((sib >> 3) & 7) | x;
      if (vectorIndex >= 0) {
        index |= vectorIndex;
      } else if (index == 4) {
        index = -1;
      }
      code.require(mode != 0 || (sib & 7) != 5, "no base");
    } else if (mode == 0 && rm == 5) {
      int distance = code.i32();
      int target = code.offset() + immediates + distance;
      return new OperandBytes(mode, reg, rm, new MemoryOperand(-1, -1, 1, target));
    }
    code.require(vectorIndex < 0 || rm == 4, "no index");
    int displacement = mode == 0 ? 0 : mode == 1 ? code.i8() * unit : code.i32();
    return new OperandBytes(mode, reg, rm, new MemoryOperand(base, index, scale, displacement));
  }

  boolean isRegister() {
    return memory == null;
  }
}
