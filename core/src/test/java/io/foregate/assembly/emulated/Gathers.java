package io.foregate.assembly.emulated;

import static io.foregate.assembly.emulated.Registers.OPERAND;
import static io.foregate.assembly.emulated.Registers.VECTOR;

import java.util.Arrays;
import java.util.List;

/** Loads of 32-bit lanes from a place each. */
final class Gathers {
  private Gathers() {}

  static Instruction decode(
      VectorPrefix prefix, VectorTable.Entry entry, OperandBytes bytes, int bits, CodeReader code) {
    int to = bytes.reg() | prefix.r();
    MemoryOperand from = bytes.memory();
    String place = from.spell(Decoder.vector(from.index(), bits));
    String name = Decoder.vector(to, bits);
    int lanes = bits / 32;
    if (!prefix.evex()) {
      int mask = prefix.v();
      boolean differ = to != mask && to != from.index() && mask != from.index();
      code.require(differ, "a gather whose registers do not differ");
      return new Instruction(
          entry.shown(),
          List.of(name, place, Decoder.vector(mask, bits)),
          code.offset(),
          (registers, memory) -> {
            int wanted = 0;
            for (int i = 0; i < lanes; i++) {
              wanted |= (Lanes.getInt(registers.vectors, mask * VECTOR + 4 * i) >>> 31) << i;
            }
            load(registers, memory, to, from, wanted, lanes);
            Arrays.fill(registers.vectors, mask * VECTOR, (mask + 1) * VECTOR, (byte) 0);
          });
    }
    int mask = prefix.mask();
    code.require((prefix.v() & 15) == 0, "a register between");
    code.require(mask != 0 && to != from.index(), "a gather without a mask, or onto its index");
    return new Instruction(
        entry.shown(),
        List.of("%s{k%d}".formatted(name, mask), place),
        code.offset(),
        (registers, memory) -> {
          load(registers, memory, to, from, (int) registers.masks[mask], lanes);
          registers.masks[mask] = 0;
        });
  }

  private static void load(
      Registers registers,
      EmulatedMemory memory,
      int to,
      MemoryOperand from,
      int wanted,
      int lanes) {
    byte[] r = registers.vectors;
    for (int i = 0; i < lanes; i++) {
      if ((wanted >> i & 1) != 0) {
        int index = Lanes.getInt(r, from.index() * VECTOR + 4 * i);
        memory.load(from.address(registers, index), 4, r, OPERAND);
        System.arraycopy(r, OPERAND, r, to * VECTOR + 4 * i, 4);
      }
    }
    Arrays.fill(r, to * VECTOR + 4 * lanes, (to + 1) * VECTOR, (byte) 0);
  }
}
