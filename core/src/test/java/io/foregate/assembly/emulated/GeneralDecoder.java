package io.foregate.assembly.emulated;

import static io.foregate.assembly.emulated.MemoryOperand.register;
import static io.foregate.assembly.emulated.MemoryOperand.register32;
import static io.foregate.assembly.emulated.Registers.VECTOR;

import io.foregate.assembly.Gpr;
import java.util.Arrays;
import java.util.List;

/** Instructions of general registers, jumps, mask registers and tiles. */
final class GeneralDecoder {
  private static final String[] CONDITIONS = {
    null, null, "jb", "jae", "je", "jne", "jbe", "ja", null, null, null, null, "jl", "jge", "jle",
    "jg"
  };

  private final CodeReader code;
  private final int rex;

  private GeneralDecoder(CodeReader code) {
    this.code = code;
    this.rex = (code.peek() & 0xF0) == 0x40 ? code.u8() : 0;
  }

  static Instruction decode(CodeReader code) {
    var decoder = new GeneralDecoder(code);
    int opcode = code.u8();
    return opcode == 0x0F ? decoder.escaped(code.u8()) : decoder.plain(opcode);
  }

  private boolean wide() {
    return (rex & 8) != 0;
  }

  private int b() {
    return (rex & 1) << 3;
  }

  private Instruction made(String name, List<String> operands, Instruction.Action action) {
    return new Instruction(name, operands, code.offset(), action);
  }

  private Instruction plain(int opcode) {
    int low = (opcode & 7) | b();
    return switch (opcode) {
      case 0x90 -> made("nop", List.of(), (_, _) -> {});
      case 0xC3 -> made("ret", List.of(), GeneralDecoder::returns);
      case 0xE9 -> {
        int distance = code.i32();
        int target = code.offset() + distance;
        yield made("jmp.d32", List.of("code%+d".formatted(target)), (r, _) -> r.next = target);
      }
      case 0x89, 0x8B, 0x8D -> move(opcode);
      case 0x01 -> registers("add", (f, a, b) -> f.add(a, b), true);
      case 0x29 -> registers("sub", (f, a, b) -> f.subtract(a, b), true);
      case 0x21 -> registers("and", (f, a, b) -> f.bits(a & b), true);
      case 0x09 -> registers("or", (f, a, b) -> f.bits(a | b), true);
      case 0x31 -> registers("xor", (f, a, b) -> f.bits(a ^ b), true);
      case 0x39 -> registers("cmp", (f, a, b) -> f.subtract(a, b), false);
      case 0x85 -> registers("test", (f, a, b) -> f.bits(a & b), false);
      case 0x03 -> addMemory();
      case 0x83, 0x81 -> {
        OperandBytes bytes = operands();
        int number = opcode == 0x83 ? code.i8() : code.i32();
        yield constant(bytes.reg(), bytes.rm() | b(), number, bytes.isRegister());
      }
      case 0x05, 0x25, 0x2D, 0x3D -> constant(opcode >> 3, 0, code.i32(), true);
      case 0xC1 -> shift();
      default -> ofLowBits(opcode, low);
    };
  }

  private Instruction ofLowBits(int opcode, int low) {
    return switch (opcode & 0xF8) {
      case 0x50 -> {
        yield made("push", List.of(register(low)), (r, memory) -> push(r, memory, low));
      }
      case 0x58 -> {
        yield made("pop", List.of(register(low)), (r, memory) -> pop(r, memory, low));
      }
      case 0xB8 -> {
        long number = wide() ? code.i64() : code.i32();
        String name = wide() ? register(low) : register32(low);
        long value = wide() ? number : Integer.toUnsignedLong((int) number);
        yield made(
            wide() ? "movabs" : "mov",
            List.of(name, "" + number),
            (r, _) -> r.general[low] = value);
      }
      default -> throw code.unknown("opcode %02X is not known".formatted(opcode));
    };
  }

  private static void push(Registers r, EmulatedMemory memory, int register) {
    long value = r.general[register];
    r.set(Gpr.RSP, r.get(Gpr.RSP) - 8);
    memory.setNumber(r.get(Gpr.RSP), 8, value);
  }

  private static void pop(Registers r, EmulatedMemory memory, int register) {
    long value = memory.number(r.get(Gpr.RSP), 8);
    r.set(Gpr.RSP, r.get(Gpr.RSP) + 8);
    r.general[register] = value;
  }

  private static void returns(Registers r, EmulatedMemory memory) {
    long address = memory.number(r.get(Gpr.RSP), 8);
    r.set(Gpr.RSP, r.get(Gpr.RSP) + 8);
    if (address != Emulator.RETURN) {
      throw new EmulationFailure("returns to %x, not to its caller".formatted(address));
    }
    r.next = -1;
  }

  private OperandBytes operands() {
    return operands(0);
  }

  private OperandBytes operands(int immediates) {
    return OperandBytes.read(code, (rex & 2) << 2, b(), -1, 1, immediates);
  }

  private int reg(OperandBytes bytes) {
    return bytes.reg() | (rex & 4) << 1;
  }

  /** Makes a number of two, and the flags. */
  private interface Binary {
    long apply(Flags flags, long a, long b);
  }

  private Instruction registers(String name, Binary operation, boolean keeps) {
    OperandBytes bytes = operands();
    code.require(wide() && bytes.isRegister(), name + " of this kind");
    int to = bytes.rm() | b();
    int from = reg(bytes);
    return made(
        name,
        List.of(register(to), register(from)),
        (r, _) -> {
          long result = operation.apply(r.flags, r.general[to], r.general[from]);
          if (keeps) {
            r.general[to] = result;
          }
        });
  }

  private Instruction addMemory() {
    OperandBytes bytes = operands();
    code.require(wide() && !bytes.isRegister(), "add of this kind");
    int to = reg(bytes);
    MemoryOperand from = bytes.memory();
    return made(
        "add",
        List.of(register(to), from.spell()),
        (r, memory) ->
            r.general[to] = r.flags.add(r.general[to], memory.number(from.address(r), 8)));
  }

  private Instruction constant(int operation, int to, int number, boolean isRegister) {
    code.require(wide() && isRegister, "a constant of this kind");
    List<String> texts = List.of(register(to), "" + number);
    long value = number;
    return switch (operation) {
      case 0 -> made("add", texts, (r, _) -> r.general[to] = r.flags.add(r.general[to], value));
      case 4 -> made("and", texts, (r, _) -> r.general[to] = r.flags.bits(r.general[to] & value));
      case 5 ->
          made("sub", texts, (r, _) -> r.general[to] = r.flags.subtract(r.general[to], value));
      case 7 ->
          made(
              "cmp",
              texts,
              (r, _) -> {
                long _ = r.flags.subtract(r.general[to], value);
              });
      default -> throw code.unknown("digit %d is not known".formatted(operation));
    };
  }

  private Instruction shift() {
    OperandBytes bytes = operands();
    int count = code.u8();
    int to = bytes.rm() | b();
    code.require(wide() && bytes.isRegister() && count > 0 && count < 64, "a shift of this kind");
    List<String> texts = List.of(register(to), "" + count);
    return switch (bytes.reg()) {
      case 4 -> made("shl", texts, (r, _) -> r.general[to] = r.flags.shift(r.general[to], count));
      case 5 -> made("shr", texts, (r, _) -> r.general[to] = r.flags.shift(r.general[to], -count));
      default -> throw code.unknown("a shift that is not known");
    };
  }

  private Instruction move(int opcode) {
    OperandBytes bytes = operands();
    int reg = reg(bytes);
    String name = wide() ? register(reg) : register32(reg);
    int size = wide() ? 8 : 4;
    if (bytes.isRegister()) {
      code.require(wide() && opcode == 0x89, "a move of this kind");
      int to = bytes.rm() | b();
      return made("mov", List.of(register(to), name), (r, _) -> r.general[to] = r.general[reg]);
    }
    MemoryOperand at = bytes.memory();
    return switch (opcode) {
      case 0x89 ->
          made(
              "mov",
              List.of(at.spell(), name),
              (r, memory) -> memory.setNumber(at.address(r), size, r.general[reg]));
      case 0x8B -> load("mov", name, reg, at, size, "");
      default -> {
        code.require(wide(), "lea of this kind");
        yield made("lea", List.of(name, at.spell()), (r, _) -> r.general[reg] = at.address(r));
      }
    };
  }

  private Instruction load(
      String name, String register, int reg, MemoryOperand at, int size, String kind) {
    return made(
        name,
        List.of(register, kind + at.spell()),
        (r, memory) -> r.general[reg] = memory.number(at.address(r), size));
  }

  private Instruction escaped(int opcode) {
    if ((opcode & 0xF0) == 0x80) {
      int condition = opcode & 15;
      int distance = code.i32();
      int target = code.offset() + distance;
      code.require(CONDITIONS[condition] != null, "condition " + condition);
      return made(
          CONDITIONS[condition] + ".d32",
          List.of("code%+d".formatted(target)),
          (r, _) -> r.next = r.flags.holds(condition) ? target : r.next);
    }
    return switch (opcode) {
      case 0xA2 -> {
        yield made("cpuid", List.of(), (_, _) -> asksForTheCpu());
      }
      case 0x01 -> {
        code.require(code.u8() == 0xD0, "0F 01 of this kind");
        yield made("xgetbv", List.of(), (_, _) -> asksForTheCpu());
      }
      case 0x18 -> {
        OperandBytes bytes = operands();
        code.require(!bytes.isRegister() && bytes.reg() == 1, "a prefetch of this kind");
        yield made("prefetcht0", List.of(bytes.memory().spell()), (_, _) -> {});
      }
      case 0xAF -> {
        OperandBytes bytes = operands();
        code.require(wide() && bytes.isRegister(), "imul of this kind");
        int to = reg(bytes);
        int from = bytes.rm() | b();
        yield made(
            "imul",
            List.of(register(to), register(from)),
            (r, _) -> r.general[to] = r.flags.multiply(r.general[to], r.general[from]));
      }
      case 0xB6, 0xB7 -> {
        OperandBytes bytes = operands();
        code.require(!bytes.isRegister() && !wide(), "movzx of this kind");
        int reg = reg(bytes);
        int size = opcode == 0xB6 ? 1 : 2;
        String kind = size == 1 ? "byte ptr " : "word ptr ";
        yield load("movzx", register32(reg), reg, bytes.memory(), size, kind);
      }
      default -> throw code.unknown("opcode 0F %02X is not known".formatted(opcode));
    };
  }

  private static void asksForTheCpu() {
    throw new EmulationFailure("asks what CPU this is, which is not emulated");
  }

  /** Instructions of VEX that have no vectors for operands; null if it is none. */
  static Instruction vex(VectorPrefix prefix, int opcode, CodeReader code) {
    if (prefix.evex()) {
      return null;
    }
    if (prefix.map() == 1 && opcode == 0x77) {
      code.require(prefix.length() == 0 && prefix.pp() == 0 && prefix.v() == 0, "no vzeroupper");
      return new Instruction(
          "vzeroupper", List.of(), code.offset(), (r, _) -> zeroUpper(r.vectors));
    }
    if (prefix.map() == 1 && opcode == 0x46 && prefix.pp() == 0 && prefix.length() == 1) {
      int modRm = code.u8();
      int to = modRm >> 3 & 7;
      int a = prefix.v();
      int b = modRm & 7;
      code.require(modRm >> 6 == 3 && a < 8 && prefix.w() == 0 && prefix.r() == 0, "no kxnorw");
      return new Instruction(
          "kxnorw",
          List.of("k" + to, "k" + a, "k" + b),
          code.offset(),
          (r, _) -> r.masks[to] = ~(r.masks[a] ^ r.masks[b]) & 0xFFFF);
    }
    return prefix.map() == 2 ? TileDecoder.decode(prefix, opcode, code) : null;
  }

  private static void zeroUpper(byte[] vectors) {
    for (int i = 0; i < 16; i++) {
      Arrays.fill(vectors, i * VECTOR + 16, (i + 1) * VECTOR, (byte) 0);
    }
  }
}
