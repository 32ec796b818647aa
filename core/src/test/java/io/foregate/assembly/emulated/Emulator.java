package io.foregate.assembly.emulated;

import static io.foregate.assembly.emulated.Registers.VECTOR;

import io.foregate.assembly.Gpr;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A function of x86-64 code, called as System V has it. Each instruction is decoded once.
 * Thread-safe.
 */
public final class Emulator {
  /** The address of the code's first byte. */
  static final long CODE = 1L << 40;

  /** What a function returns to. */
  static final long RETURN = 0x7E7E_0000_7E7E_0000L;

  /** As much as code here may take: far less than what the JVM keeps free for native code. */
  private static final int STACK = 1 << 14;

  private static final List<Gpr> ARGUMENTS =
      List.of(Gpr.RDI, Gpr.RSI, Gpr.RDX, Gpr.RCX, Gpr.R8, Gpr.R9);
  private static final List<Gpr> KEPT =
      List.of(Gpr.RBX, Gpr.RBP, Gpr.R12, Gpr.R13, Gpr.R14, Gpr.R15, Gpr.RSP);

  private final byte[] code;
  private final Instruction[] decoded;

  /** Takes a function, which begins with its first byte. */
  public Emulator(byte[] code) {
    this.code = code.clone();
    this.decoded = new Instruction[code.length];
  }

  /**
   * Calls it.
   *
   * @param arguments memories, of which it may read all and write those that are not read-only;
   *     longs; floats
   * @return the float that it returns, if it returns one
   * @throws EmulationFailure if it does what it must not
   */
  public float call(Object... arguments) {
    var memory = new EmulatedMemory();
    memory.addAt(CODE, "code", MemorySegment.ofArray(code).asReadOnly());
    byte[] stack = new byte[STACK];
    long stackAt = memory.add("stack", MemorySegment.ofArray(stack));
    var registers = new Registers();
    registers.scramble(code.length);
    int general = 0;
    int floats = 0;
    int onStack = 0;
    int spilled = Math.max(0, arguments.length - ARGUMENTS.size());
    long top = stackAt + (STACK - 8L * (spilled + 2)) / 16 * 16 + 8; // as after a call
    for (Object argument : arguments) {
      long value;
      switch (argument) {
        case Float number -> {
          Lanes.setInt(registers.vectors, VECTOR * floats++, Float.floatToRawIntBits(number));
          continue;
        }
        case MemorySegment segment -> value = memory.add("memory " + general, segment);
        case Long number -> value = number;
        default -> throw new IllegalArgumentException("no argument: " + argument);
      }
      if (general < ARGUMENTS.size()) {
        registers.set(ARGUMENTS.get(general), value);
      } else {
        memory.setNumber(top + 8 + 8L * onStack++, 8, value);
      }
      general++;
    }
    memory.setNumber(top, 8, RETURN);
    registers.set(Gpr.RSP, top);
    long[] before = registers.general.clone();
    run(registers, memory);
    before[Gpr.RSP.ordinal()] += 8;
    checkReturn(registers, before);
    return Float.intBitsToFloat(Lanes.getInt(registers.vectors, 0));
  }

  private void run(Registers registers, EmulatedMemory memory) {
    int at = 0;
    while (at >= 0) {
      Instruction instruction = at < decoded.length ? decoded[at] : null;
      if (instruction == null) {
        instruction = Decoder.decode(code, at);
        decoded[at] = instruction;
      }
      registers.next = instruction.end();
      try {
        instruction.action().run(registers, memory);
      } catch (EmulationFailure e) {
        String place = "%s at %#x: %s".formatted(instruction, at, e.getMessage());
        throw new EmulationFailure(place, e);
      }
      at = registers.next;
    }
  }

  private static void checkReturn(Registers registers, long[] before) {
    for (Gpr kept : KEPT) {
      if (registers.get(kept) != before[kept.ordinal()]) {
        throw new EmulationFailure("returns with another " + kept + " than it was called with");
      }
    }
    for (int i = 0; i < 16 * VECTOR; i++) {
      if (i % VECTOR >= 16 && registers.vectors[i] != 0) {
        throw new EmulationFailure("returns with an upper half that is not clear");
      }
    }
  }
}
