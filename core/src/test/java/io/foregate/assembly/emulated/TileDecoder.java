package io.foregate.assembly.emulated;

import io.foregate.assembly.emulated.Tiles.Signs;
import java.util.List;

/** Instructions of AMX. */
final class TileDecoder {
  private static final int CONFIG = 64;
  private static final String[] LOADS = {null, null, "tilestored", "tileloadd"};
  private static final String[] PRODUCTS = {null, "tdpbusd", "tdpbsud", "tdpbssd"};
  private static final Signs[] SIGNS = {null, Signs.SECOND, Signs.FIRST, Signs.BOTH};

  private TileDecoder() {}

  /** Null if it is none; {@code prefix} is VEX's, of map 0F38. */
  static Instruction decode(VectorPrefix prefix, int opcode, CodeReader code) {
    boolean is = (opcode == 0x49 || opcode == 0x4B || opcode == 0x5E) && prefix.length() == 0;
    if (!is || prefix.w() != 0) {
      return null;
    }
    OperandBytes bytes = OperandBytes.read(code, prefix.x() << 3, prefix.b() << 3, -1, 1, 0);
    code.require(opcode == 0x5E || prefix.v() == 0, "a tile between");
    code.require(prefix.r() == 0, "a tile above 7");
    return switch (opcode) {
      case 0x49 -> shapes(prefix, bytes, code);
      case 0x4B -> move(prefix, bytes, code);
      default -> product(prefix, bytes, code);
    };
  }

  private static Instruction shapes(VectorPrefix prefix, OperandBytes bytes, CodeReader code) {
    int end = code.offset();
    MemoryOperand from = bytes.memory();
    if (prefix.pp() == 0 && from != null && bytes.reg() == 0) {
      return new Instruction(
          "ldtilecfg",
          List.of(from.spell()),
          end,
          (r, memory) -> {
            memory.load(from.address(r), CONFIG, r.vectors, Registers.OPERAND);
            r.tiles.configure(r.vectors, Registers.OPERAND);
          });
    }
    code.require(from == null && bytes.rm() == 0, "no instruction of shapes");
    if (prefix.pp() == 0) {
      code.require(bytes.reg() == 0, "no tilerelease");
      return new Instruction("tilerelease", List.of(), end, (r, _) -> r.tiles.release());
    }
    code.require(prefix.pp() == 3, "no tilezero");
    int tile = bytes.reg();
    return new Instruction("tilezero", List.of("tmm" + tile), end, (r, _) -> r.tiles.zero(tile));
  }

  private static Instruction move(VectorPrefix prefix, OperandBytes bytes, CodeReader code) {
    MemoryOperand at = bytes.memory();
    String name = LOADS[prefix.pp()];
    code.require(name != null && at != null && at.index() >= 0, "no move of a tile");
    int tile = bytes.reg();
    boolean loads = prefix.pp() == 3;
    List<String> texts =
        loads ? List.of("tmm" + tile, at.spell()) : List.of(at.spell(), "tmm" + tile);
    return new Instruction(
        name,
        texts,
        code.offset(),
        (r, memory) -> {
          long stride = r.general[at.index()] * at.scale();
          if (loads) {
            r.tiles.load(tile, memory, at.address(r, 0), stride);
          } else {
            r.tiles.store(tile, memory, at.address(r, 0), stride);
          }
        });
  }

  private static Instruction product(VectorPrefix prefix, OperandBytes bytes, CodeReader code) {
    String name = PRODUCTS[prefix.pp()];
    Signs signs = SIGNS[prefix.pp()];
    code.require(name != null && bytes.isRegister() && prefix.v() < 8, "no product of tiles");
    int to = bytes.reg();
    int a = bytes.rm();
    int b = prefix.v();
    return new Instruction(
        name,
        List.of("tmm" + to, "tmm" + a, "tmm" + b),
        code.offset(),
        (r, _) -> r.tiles.multiply(to, a, b, signs));
  }
}
