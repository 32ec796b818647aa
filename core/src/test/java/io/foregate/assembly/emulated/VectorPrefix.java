package io.foregate.assembly.emulated;

/**
 * What VEX or EVEX says, with inverted bits made right (the manual's chapters 2.3 and 2.7).
 *
 * @param r the register's bits 3 and, by EVEX, 4
 * @param x 0 or 1, as {@code b}
 * @param v the register between, 0 to 31; 0 if there must be none
 * @param length 0 for 128 bits, 1 for 256, 2 for 512
 * @param mask the mask register, 0 for none
 */
record VectorPrefix(
    boolean evex, int map, int w, int r, int x, int b, int v, int length, int pp, int mask) {

  /** Reads all before the opcode. */
  static VectorPrefix read(CodeReader code) {
    return switch (code.u8()) {
      case 0xC5 -> {
        int p = code.u8();
        int r = (p >> 7 ^ 1) << 3;
        yield new VectorPrefix(false, 1, 0, r, 0, 0, ~p >> 3 & 15, p >> 2 & 1, p & 3, 0);
      }
      case 0xC4 -> {
        int p = code.u8();
        int q = code.u8();
        int r = (p >> 7 ^ 1) << 3;
        int x = ((p >> 6) & 1) ^ 1;
        int b = ((p >> 5) & 1) ^ 1;
        int v = ~q >> 3 & 15;
        yield new VectorPrefix(false, p & 31, q >> 7, r, x, b, v, q >> 2 & 1, q & 3, 0);
      }
      default -> evex(code, code.u8(), code.u8(), code.u8());
    };
  }

  private static VectorPrefix evex(CodeReader code, int p, int q, int s) {
    code.require((p & 8) == 0 && (q & 4) != 0, "fixed bits of EVEX");
    code.require((s & 0x80) == 0, "zeroing, which no code here uses,");
    code.require((s & 0x10) == 0, "broadcast or rounding, which no code here uses,");
    int r = (((p >> 7) ^ 1) << 3) | ((((p >> 4) & 1) ^ 1) << 4);
    int x = ((p >> 6) & 1) ^ 1;
    int b = ((p >> 5) & 1) ^ 1;
    int v = ((~q >> 3) & 15) | ((((s >> 3) & 1) ^ 1) << 4);
    return new VectorPrefix(true, p & 7, q >> 7, r, x, b, v, s >> 5 & 3, q & 3, s & 7);
  }
}
