package io.foregate.assembly;

import io.foregate.assembly.VectorOp.Forms;

/**
 * Writes vector instructions: VEX where it can say them, which is shorter, EVEX elsewhere. The bits
 * are described in the manual's chapters 2.3 (VEX) and 2.7 (EVEX).
 */
final class VectorEncoder {
  private static final int NO_IMMEDIATE = -1;

  private final CodeBuffer code;

  VectorEncoder(CodeBuffer code) {
    this.code = code;
  }

  /** {@code first} is ModRM's reg, {@code second} the register between, {@code last} ModRM's rm. */
  void write(VectorOp op, Vec first, Vec second, Operand last) {
    write(op, first, second, last, NO_IMMEDIATE);
  }

  /**
   * @param second null where the instruction has no such operand
   * @param immediate its low 8 bits are written last
   */
  void write(VectorOp op, Vec first, Vec second, Operand last, int immediate) {
    int bits = Math.max(first.bits(), last instanceof Vec v ? v.bits() : 0);
    write(op, bits, first.number(), second == null ? 0 : second.number(), last, immediate);
  }

  /** The same, where one of the registers is a general one or part of the opcode. */
  void write(VectorOp op, int bits, int reg, int between, Operand last, int immediate) {
    int rm = last instanceof Vec v ? v.number() : 0;
    boolean evex = op.forms == Forms.EVEX || bits == 512 || reg > 15 || between > 15 || rm > 15;
    if (evex && op.forms == Forms.VEX) {
      throw new IllegalArgumentException(op + " has no EVEX form");
    }
    if (evex) {
      int x = last instanceof Address a ? high(a.index()) : bit(((Vec) last).number(), 4);
      int b = last instanceof Address a ? high(a.base()) : bit(((Vec) last).number(), 3);
      evex(op, bits, reg, between, x, b, 0);
    } else {
      int x = last instanceof Address a ? high(a.index()) : 0;
      int b = last instanceof Address a ? high(a.base()) : bit(((Vec) last).number(), 3);
      vex(op, bits, reg, between, x, b);
    }
    code.u8(op.code);
    int distance = -1;
    switch (last) {
      case Vec v -> code.u8(0xC0 | (reg & 7) << 3 | (v.number() & 7));
      case Address a -> distance = ModRm.write(code, reg, a, evex ? op.memory.bytes(bits) : 1);
    }
    if (immediate != NO_IMMEDIATE) {
      code.u8(immediate);
    }
    if (distance >= 0 && last instanceof Address a) {
      code.distance(distance, a.label(), a.displacement());
    }
  }

  /** Loads lanes from a place each. {@code mask} numbers a vector register with VEX, else k's. */
  void gather(VectorOp op, boolean evex, Vec to, GatherAddress from, int mask) {
    int index = from.index().number();
    int high = bit(index, 3);
    if (evex) {
      evex(op, to.bits(), to.number(), index & 16, high, high(from.base()), mask);
    } else {
      vex(op, to.bits(), to.number(), mask, high, high(from.base()));
    }
    code.u8(op.code);
    int unit = evex ? op.memory.bytes(to.bits()) : 1;
    ModRm.write(code, to.number(), from.base(), index, from.scale(), from.displacement(), unit);
  }

  /** An instruction on mask registers, of map 0F. */
  void masks(int opcode, int to, int a, int b) {
    code.u8(0xC5);
    code.u8(0x80 | (~a & 15) << 3 | 4);
    code.u8(opcode);
    code.u8(0xC0 | to << 3 | b);
  }

  private void vex(VectorOp op, int bits, int reg, int between, int x, int b) {
    int r = bit(reg, 3);
    int l = bits == 256 ? 4 : 0;
    int vvvv = (~between & 15) << 3;
    if (x == 0 && b == 0 && op.vexW == 0 && op.mapBits() == 1) {
      code.u8(0xC5);
      code.u8((r ^ 1) << 7 | vvvv | l | op.prefixBits());
      return;
    }
    code.u8(0xC4);
    code.u8((r ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | op.mapBits());
    code.u8(op.vexW << 7 | vvvv | l | op.prefixBits());
  }

  private void evex(VectorOp op, int bits, int reg, int between, int x, int b, int k) {
    int inverted = bit(reg, 3) << 7 | x << 6 | b << 5 | bit(reg, 4) << 4;
    code.u8(0x62);
    code.u8((inverted ^ 0xF0) | op.mapBits());
    code.u8(op.evexW << 7 | (~between & 15) << 3 | 4 | op.prefixBits());
    code.u8((bits == 512 ? 2 : bits == 256 ? 1 : 0) << 5 | (bit(between, 4) ^ 1) << 3 | k);
  }

  private static int bit(int number, int at) {
    return number >> at & 1;
  }

  private static int high(Gpr register) {
    return register == null ? 0 : register.ordinal() >> 3;
  }

  /** An instruction of AMX on registers: all are of map 0F38. */
  void tiles(int prefix, int opcode, int reg, int rm, int between) {
    code.u8(0xC4);
    code.u8(0xE2);
    code.u8((~between & 15) << 3 | VectorOp.bits(prefix));
    code.u8(opcode);
    code.u8(0xC0 | reg << 3 | rm);
  }

  /** An instruction of AMX on memory. */
  void tile(int prefix, int opcode, int reg, Address at) {
    code.u8(0xC4);
    code.u8((high(at.index()) ^ 1) << 6 | (high(at.base()) ^ 1) << 5 | 0x82);
    code.u8(0x78 | VectorOp.bits(prefix));
    code.u8(opcode);
    int distance = ModRm.write(code, reg, at, 1);
    if (distance >= 0) {
      code.distance(distance, at.label(), at.displacement());
    }
  }
}
