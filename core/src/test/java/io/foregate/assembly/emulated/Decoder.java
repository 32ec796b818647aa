package io.foregate.assembly.emulated;

/** Makes instructions of bytes: those of vectors here, others by {@link GeneralDecoder}. */
public final class Decoder {
  private static final String[] PREFIXES = {"np", "66", "f3", "f2"};
  private static final String[] MAPS = {"", "0F", "0F38", "0F3A"};

  private Decoder() {}

  /** The instruction at an offset. */
  public static Instruction decode(byte[] code, int offset) {
    var reader = new CodeReader(code, offset);
    int first = reader.peek();
    if (first == 0xC4 || first == 0xC5 || first == 0x62) {
      return vector(VectorPrefix.read(reader), reader);
    }
    return GeneralDecoder.decode(reader);
  }

  private static Instruction vector(VectorPrefix prefix, CodeReader code) {
    int opcode = code.u8();
    String pp = PREFIXES[prefix.pp()];
    code.require(prefix.map() >= 1 && prefix.map() <= 3, "map " + prefix.map());
    String map = MAPS[prefix.map()];
    Instruction other = GeneralDecoder.vex(prefix, opcode, code);
    if (other != null) {
      return other;
    }
    int digit = code.peek() >> 3 & 7;
    VectorTable.Entry entry = VectorTable.find(prefix.evex(), pp, map, prefix.w(), opcode, digit);
    if (entry == null) {
      throw code.unknown(
          "%s.%s.%s.W%d %02X /%d is not known"
              .formatted(prefix.evex() ? "EVEX" : "VEX", pp, map, prefix.w(), opcode, digit));
    }
    code.require(prefix.length() < 3, "length 3");
    int bits = 128 << prefix.length();
    code.require(
        entry.widths().indexOf("xyz".charAt(prefix.length())) >= 0,
        "%s of %d bits".formatted(entry.shown(), bits));
    boolean gather = entry.operands().contains("s");
    int unit = prefix.evex() ? entry.unit(bits) : 1;
    int fifth = gather ? prefix.evex() ? prefix.v() & 16 : 0 : -1;
    OperandBytes operands =
        OperandBytes.read(
            code, prefix.x() << 3, prefix.b() << 3, fifth, unit, entry.hasImmediate() ? 1 : 0);
    if (gather) {
      code.require(!operands.isRegister(), "a gather from a register");
      return Gathers.decode(prefix, entry, operands, bits, code);
    }
    code.require(prefix.mask() == 0, "mask k" + prefix.mask());
    return new VectorForm(prefix, entry, operands, bits).decode(code);
  }

  /** A vector register's name. */
  static String vector(int number, int bits) {
    return (bits == 128 ? "xmm" : bits == 256 ? "ymm" : "zmm") + number;
  }
}
