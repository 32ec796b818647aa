package io.foregate.assembly.emulated;

import java.util.HexFormat;

/** Reads an instruction's bytes. */
final class CodeReader {
  private static final int LONGEST = 15;

  private final byte[] code;
  private final int begin;
  private int at;

  CodeReader(byte[] code, int begin) {
    this.code = code;
    this.begin = begin;
    this.at = begin;
  }

  /** Offset of the byte that comes next. */
  int offset() {
    return at;
  }

  int peek() {
    if (at >= code.length) {
      throw new EmulationFailure("the code ends at %d".formatted(at));
    }
    return code[at] & 0xFF;
  }

  int u8() {
    int value = peek();
    at++;
    return value;
  }

  int i8() {
    return (byte) u8();
  }

  int i32() {
    return u8() | u8() << 8 | u8() << 16 | u8() << 24;
  }

  long i64() {
    return (i32() & 0xFFFF_FFFFL) | ((long) i32() << 32);
  }

  void require(boolean condition, String what) {
    if (!condition) {
      throw unknown(what);
    }
  }

  /** What is wrong, with the bytes from the instruction's first on. */
  EmulationFailure unknown(String what) {
    int end = Math.min(code.length, begin + LONGEST);
    String bytes = HexFormat.ofDelimiter(" ").formatHex(code, begin, end);
    return new EmulationFailure("%s at %#x: %s".formatted(what, begin, bytes));
  }
}
