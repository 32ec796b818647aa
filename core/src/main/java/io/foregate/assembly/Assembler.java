package io.foregate.assembly;

/**
 * Writes x86-64 code of 64-bit mode. Each method is an instruction of Intel's manual, operands in
 * its order: what is written comes first.
 *
 * <p>An assembler makes one piece of code: write, {@link #bind} every label, {@link #finish}. Not
 * thread-safe.
 */
public final class Assembler
    implements FloatInstructions,
        GatherInstructions,
        IntegerInstructions,
        MoveInstructions,
        TileInstructions {
  private final CodeBuffer code = new CodeBuffer();
  private final VectorEncoder encoder = new VectorEncoder(code);

  @Override
  public VectorEncoder encoder() {
    return encoder;
  }

  /** Bytes written so far. */
  public int size() {
    return code.size();
  }

  /**
   * The code, with the distances to all labels.
   *
   * @throws IllegalStateException if a label was used and not bound
   */
  public byte[] finish() {
    return code.finish();
  }

  /** Lets {@code label} stand here. */
  public void bind(Label label) {
    if (label.offset >= 0) {
      throw new IllegalStateException("a label is bound once");
    }
    label.offset = code.size();
  }

  /** A label that stands here. */
  public Label here() {
    Label label = new Label();
    bind(label);
    return label;
  }

  /** Pads with one-byte no-operations to a multiple of {@code bytes} from the code's start. */
  public void align(int bytes) {
    while (code.size() % bytes != 0) {
      code.u8(0x90);
    }
  }

  /** Constants among the code. */
  public void bytes(int... values) {
    for (int value : values) {
      code.u8(value);
    }
  }

  /** Constants among the code. */
  public void ints(int... values) {
    for (int value : values) {
      code.i32(value);
    }
  }

  public void mov(Gpr to, Gpr from) {
    register(true, 0x89, from.ordinal(), to.ordinal());
  }

  /** Eight bytes. */
  public void mov(Gpr to, Address from) {
    memory(true, 0, 0x8B, to, from);
  }

  /** Eight bytes. */
  public void mov(Address to, Gpr from) {
    memory(true, 0, 0x89, from, to);
  }

  /** Four bytes; the upper half of {@code to} becomes zero. */
  public void movl(Gpr to, Address from) {
    memory(false, 0, 0x8B, to, from);
  }

  /** Four bytes. */
  public void movl(Address to, Gpr from) {
    memory(false, 0, 0x89, from, to);
  }

  /** A constant of 32 bits, zero-extended. */
  public void movl(Gpr to, int value) {
    rex(false, 0, 0, to.ordinal());
    code.u8(0xB8 | (to.ordinal() & 7));
    code.i32(value);
  }

  /** A constant of 64 bits. */
  public void movabs(Gpr to, long value) {
    rex(true, 0, 0, to.ordinal());
    code.u8(0xB8 | (to.ordinal() & 7));
    code.i64(value);
  }

  /** One byte, zero-extended. */
  public void movzxb(Gpr to, Address from) {
    memory(false, 0x0F, 0xB6, to, from);
  }

  /** Two bytes, zero-extended. */
  public void movzxw(Gpr to, Address from) {
    memory(false, 0x0F, 0xB7, to, from);
  }

  public void lea(Gpr to, Address from) {
    memory(true, 0, 0x8D, to, from);
  }

  public void add(Gpr to, Gpr from) {
    register(true, 0x01, from.ordinal(), to.ordinal());
  }

  public void add(Gpr to, int value) {
    immediate(0, to, value);
  }

  public void add(Gpr to, Address from) {
    memory(true, 0, 0x03, to, from);
  }

  public void sub(Gpr to, Gpr from) {
    register(true, 0x29, from.ordinal(), to.ordinal());
  }

  public void sub(Gpr to, int value) {
    immediate(5, to, value);
  }

  public void and(Gpr to, Gpr from) {
    register(true, 0x21, from.ordinal(), to.ordinal());
  }

  public void and(Gpr to, int value) {
    immediate(4, to, value);
  }

  public void or(Gpr to, Gpr from) {
    register(true, 0x09, from.ordinal(), to.ordinal());
  }

  public void xor(Gpr to, Gpr from) {
    register(true, 0x31, from.ordinal(), to.ordinal());
  }

  public void cmp(Gpr a, Gpr b) {
    register(true, 0x39, b.ordinal(), a.ordinal());
  }

  public void cmp(Gpr a, int value) {
    immediate(7, a, value);
  }

  public void test(Gpr a, Gpr b) {
    register(true, 0x85, b.ordinal(), a.ordinal());
  }

  /** A signed product, its low 64 bits. */
  public void imul(Gpr to, Gpr from) {
    rex(true, to.ordinal(), 0, from.ordinal());
    bytes(0x0F, 0xAF, 0xC0 | (to.ordinal() & 7) << 3 | (from.ordinal() & 7));
  }

  public void shl(Gpr to, int count) {
    register(true, 0xC1, 4, to.ordinal());
    code.u8(count);
  }

  public void shr(Gpr to, int count) {
    register(true, 0xC1, 5, to.ordinal());
    code.u8(count);
  }

  public void push(Gpr register) {
    rex(false, 0, 0, register.ordinal());
    code.u8(0x50 | (register.ordinal() & 7));
  }

  public void pop(Gpr register) {
    rex(false, 0, 0, register.ordinal());
    code.u8(0x58 | (register.ordinal() & 7));
  }

  public void jmp(Label to) {
    code.u8(0xE9);
    distance(to);
  }

  /** Jumps to {@code to} if {@code condition} holds. */
  public void jcc(Condition condition, Label to) {
    bytes(0x0F, 0x80 | condition.code);
    distance(to);
  }

  public void ret() {
    code.u8(0xC3);
  }

  public void cpuid() {
    bytes(0x0F, 0xA2);
  }

  public void xgetbv() {
    bytes(0x0F, 0x01, 0xD0);
  }

  /** Clears the upper halves of the vector registers, which old code would be slow with. */
  public void vzeroupper() {
    bytes(0xC5, 0xF8, 0x77);
  }

  /** Asks for a line of memory to be brought into all caches. */
  public void prefetcht0(Address from) {
    memory(false, 0x0F, 0x18, Gpr.RCX, from); // RCX stands for the opcode's /1
  }

  private void distance(Label to) {
    int at = code.size();
    code.i32(0);
    code.distance(at, to, 0);
  }

  private void register(boolean wide, int opcode, int reg, int rm) {
    rex(wide, reg, 0, rm);
    code.u8(opcode);
    code.u8(0xC0 | (reg & 7) << 3 | (rm & 7));
  }

  private void immediate(int extension, Gpr to, int value) {
    boolean small = value == (byte) value;
    if (!small && to == Gpr.RAX) {
      bytes(0x48, extension << 3 | 5); // RAX has an opcode of its own, a byte shorter
    } else {
      register(true, small ? 0x83 : 0x81, extension, to.ordinal());
    }
    if (small) {
      code.u8(value);
    } else {
      code.i32(value);
    }
  }

  private void memory(boolean wide, int escape, int opcode, Gpr reg, Address at) {
    int index = at.index() == null ? 0 : at.index().ordinal();
    int base = at.base() == null ? 0 : at.base().ordinal();
    rex(wide, reg.ordinal(), index, base);
    if (escape != 0) {
      code.u8(escape);
    }
    code.u8(opcode);
    int distance = ModRm.write(code, reg.ordinal(), at, 1);
    if (distance >= 0) {
      code.distance(distance, at.label(), at.displacement());
    }
  }

  /**
   * The prefix that widens an instruction or names registers from 8 on; none if it says nothing.
   */
  private void rex(boolean wide, int reg, int index, int rm) {
    int bits = (wide ? 8 : 0) | reg >> 3 << 2 | index >> 3 << 1 | rm >> 3;
    if (bits != 0) {
      code.u8(0x40 | bits);
    }
  }
}
