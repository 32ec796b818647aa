package io.foregate.assembly.emulated;

import static io.foregate.assembly.emulated.Registers.OPERAND;
import static io.foregate.assembly.emulated.Registers.RESULT;
import static io.foregate.assembly.emulated.Registers.VECTOR;

import java.util.ArrayList;
import java.util.List;

/** A vector instruction's operands, and how it reads and writes them. */
record VectorForm(VectorPrefix prefix, VectorTable.Entry entry, OperandBytes bytes, int bits) {
  /** What is done with a result or an operand that lies in ModRM's rm. */
  private interface Transfer {
    void run(Registers registers, EmulatedMemory memory);
  }

  Instruction decode(CodeReader code) {
    List<String> kinds = entry.operands();
    int count = entry.hasImmediate() ? kinds.size() - 1 : kinds.size();
    boolean digit = count == 2 && kinds.get(1).equals("v") && kinds.get(0).equals("v");
    boolean stores = kinds.getFirst().matches(".*[mgr]") || kinds.getFirst().contains("/");
    int reg = bytes.reg() | prefix.r();
    code.require(count == 3 || digit || prefix.v() == 0, "a register between");
    String rmKind = kinds.get(stores ? 0 : count - 1);
    code.require(fits(rmKind), "another kind of operand");
    int immediate = entry.hasImmediate() ? code.u8() : 0;

    String rm = spellRm(rmKind);
    List<String> texts =
        digit
            ? List.of(Decoder.vector(prefix.v(), bits), rm)
            : stores
                ? List.of(rm, Decoder.vector(reg, bits))
                : count == 2
                    ? List.of(Decoder.vector(reg, bits), rm)
                    : List.of(Decoder.vector(reg, bits), Decoder.vector(prefix.v(), bits), rm);
    if (entry.hasImmediate()) {
      texts = new ArrayList<>(texts);
      texts.add("" + immediate);
    }
    Instruction.Action action =
        stores
            ? storing(reg * VECTOR, rmKind, immediate)
            : loading((digit ? prefix.v() : reg) * VECTOR, rmKind, immediate);
    return new Instruction(entry.shown(), texts, code.offset(), action);
  }

  private boolean fits(String kind) {
    return bytes.isRegister() ? !kind.equals("m") : kind.endsWith("m");
  }

  private int vectorBits(String kind) {
    return switch (kind.charAt(0)) {
      case 'v' -> bits;
      case 'h' -> Math.max(bits / 2, 128);
      case 'q' -> Math.max(bits / 4, 128);
      case 'x' -> 128;
      case 'y' -> 256;
      default -> throw new EmulationFailure("no vector: " + kind);
    };
  }

  private String spellRm(String kind) {
    if (!bytes.isRegister()) {
      return bytes.memory().spell();
    }
    return switch (kind.charAt(0)) {
      case 'g' -> MemoryOperand.register32(general());
      case 'r' -> MemoryOperand.register(general());
      default -> Decoder.vector(vector(), vectorBits(kind));
    };
  }

  private int general() {
    return bytes.rm() | prefix.b() << 3;
  }

  private int vector() {
    return bytes.rm() | prefix.b() << 3 | (prefix.evex() ? prefix.x() << 4 : 0);
  }

  private Instruction.Action loading(int to, String kind, int immediate) {
    VectorOperation operation = VectorTable.operation(entry);
    boolean isVector = bytes.isRegister() && !kind.startsWith("g") && !kind.startsWith("r");
    int a = prefix.v() * VECTOR;
    int b = isVector ? vector() * VECTOR : OPERAND;
    int width = bits / 8;
    Transfer source = isVector ? (_, _) -> {} : source();
    return (registers, memory) -> {
      byte[] r = registers.vectors;
      source.run(registers, memory);
      clearResult(r);
      operation.apply(r, to, a, b, width, immediate);
      System.arraycopy(r, RESULT, r, to, VECTOR);
    };
  }

  private Transfer source() {
    if (bytes.isRegister()) {
      int general = general();
      return (registers, _) ->
          Lanes.setLong(registers.vectors, OPERAND, registers.general[general]);
    }
    MemoryOperand at = bytes.memory();
    int count = entry.memoryBytes(bits);
    return (registers, memory) ->
        memory.load(at.address(registers), count, registers.vectors, OPERAND);
  }

  private Instruction.Action storing(int from, String kind, int immediate) {
    VectorOperation operation = VectorTable.operation(entry);
    Transfer target = target(kind);
    int width = bits / 8;
    return (registers, memory) -> {
      clearResult(registers.vectors);
      operation.apply(registers.vectors, from, from, from, width, immediate);
      target.run(registers, memory);
    };
  }

  private Transfer target(String kind) {
    if (!bytes.isRegister()) {
      MemoryOperand at = bytes.memory();
      int count = entry.memoryBytes(bits);
      return (registers, memory) ->
          memory.store(at.address(registers), count, registers.vectors, RESULT);
    }
    return switch (kind.charAt(0)) {
      case 'g' ->
          (registers, _) ->
              registers.general[general()] = Lanes.getInt(registers.vectors, RESULT) & 0xFFFF_FFFFL;
      case 'r' ->
          (registers, _) -> registers.general[general()] = Lanes.getLong(registers.vectors, RESULT);
      default -> {
        int to = vector() * VECTOR;
        yield (registers, _) ->
            System.arraycopy(registers.vectors, RESULT, registers.vectors, to, VECTOR);
      }
    };
  }

  private static void clearResult(byte[] r) {
    for (int i = RESULT; i < RESULT + VECTOR; i += 8) {
      Lanes.setLong(r, i, 0);
    }
  }
}
