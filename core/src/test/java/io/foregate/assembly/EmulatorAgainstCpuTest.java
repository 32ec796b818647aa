package io.foregate.assembly;

import static io.foregate.assembly.Gpr.R12;
import static io.foregate.assembly.Gpr.R13;
import static io.foregate.assembly.Gpr.R8;
import static io.foregate.assembly.Gpr.RAX;
import static io.foregate.assembly.Gpr.RCX;
import static io.foregate.assembly.Gpr.RDI;
import static io.foregate.assembly.Gpr.RDX;
import static io.foregate.assembly.Gpr.RSP;
import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.assembly.emulated.Emulator;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Instructions do the same in the emulator as on this CPU, bit for bit: those that it has, on
 * random and on unusual numbers.
 */
@EnabledOnOs(
    value = OS.LINUX,
    architectures = {"amd64", "x86_64"})
class EmulatorAgainstCpuTest {
  private static final int ROUNDS = 24;

  // A state's memory: vectors, what instructions read and write, general registers.
  private static final int MEMORY = 32 * 64;
  private static final int GENERAL = MEMORY + 256;
  private static final int STATE = GENERAL + 16 * 8;

  private static final List<Gpr> LOADED =
      Stream.of(Gpr.values()).filter(r -> r != RSP && r != RDI).toList();
  private static final List<Gpr> SAVED = List.of(Gpr.RBX, Gpr.RBP, R12, R13, Gpr.R14, Gpr.R15);

  private static final int[] UNUSUAL = {
    0,
    1,
    -1,
    1 << 31,
    Integer.MAX_VALUE,
    0x7F80_0000,
    0xFF80_0000,
    0x7FC0_1234,
    0xFFC0_0000,
    0x7F80_0001,
    0xFFA0_0000,
    0x0000_0123,
    0x8070_0000,
    0x0080_0000,
    0x3F80_0000,
    0x3F00_0000,
    0x4F00_0000,
    0xCF00_0000,
    0x4EFF_FFFF,
    0x4020_0000,
    0x477F_F000,
    0x3380_0000,
    0x7C01_FC00,
    0x8000_7FFF,
    0x80FF_7F01,
    0x0001_FFFF,
    0x0020_001F,
    0x0010_000F
  };

  private static final CpuFeatures CPU = CpuFeatures.detect();

  @SuppressWarnings("restricted")
  private static final MethodHandle CALL =
      Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

  /** A function of a state's address, and the state's change that it needs. */
  private record Piece(String text, byte[] code, boolean wide, Consumer<MemorySegment> prepare) {}

  @Test
  void vectorInstructionsDoTheSame() {
    List<Piece> pieces = new ArrayList<>();
    for (InstructionCase one : InstructionCase.all()) {
      boolean isVector = one.method().getName().startsWith("v");
      if (isVector && isPossible(one) && CPU.all().containsAll(needs(one))) {
        pieces.add(piece(one));
      }
    }
    if (CPU.has(CpuExtension.AVX2)) {
      assertThat(pieces).hasSizeGreaterThan(700);
    }
    agree(pieces);
  }

  @Test
  void gathersDoTheSame() {
    List<Piece> pieces = new ArrayList<>();
    Consumer<MemorySegment> indexes =
        state -> {
          for (int i = 0; i < 16; i++) {
            int index = state.get(ValueLayout.JAVA_INT, 2 * 64 + 4 * i) & 31;
            state.set(ValueLayout.JAVA_INT, 2 * 64 + 4 * i, index);
          }
        };
    for (int bits : new int[] {128, 256, 512}) {
      for (int scale : new int[] {1, 4}) {
        var from = new GatherAddress(RAX, new Vec(2, bits), scale, 8);
        if (bits < 512 && CPU.has(CpuExtension.AVX2)) {
          Piece piece =
              piece(
                  "vpgatherdd of " + bits,
                  false,
                  a -> {
                    a.lea(RAX, Address.at(RDI, MEMORY));
                    a.vpgatherdd(new Vec(1, bits), from, new Vec(3, bits));
                  });
          pieces.add(new Piece(piece.text, piece.code, false, indexes));
        }
        if (CPU.has(CpuExtension.AVX512)) {
          Piece piece =
              piece(
                  "vpgatherdd by k of " + bits,
                  true,
                  a -> {
                    a.lea(RAX, Address.at(RDI, MEMORY));
                    a.kxnorw(3, 3, 3);
                    a.vpgatherdd(new Vec(17, bits), from, 3);
                  });
          pieces.add(new Piece(piece.text, piece.code, true, indexes));
        }
      }
    }
    agree(pieces);
  }

  private static final List<Condition> OF_ZERO_AND_CARRY =
      List.of(
          Condition.BELOW,
          Condition.ABOVE_OR_EQUAL,
          Condition.EQUAL,
          Condition.NOT_EQUAL,
          Condition.BELOW_OR_EQUAL,
          Condition.ABOVE);

  @Test
  void generalInstructionsDoTheSame() {
    List<Condition> all = List.of(Condition.values());
    List<Piece> pieces = new ArrayList<>();
    pieces.add(general("add", all, a -> a.add(RAX, RCX)));
    pieces.add(general("sub", all, a -> a.sub(RAX, RCX)));
    pieces.add(general("and", all, a -> a.and(RAX, RCX)));
    pieces.add(general("or", all, a -> a.or(RAX, RCX)));
    pieces.add(general("xor", all, a -> a.xor(RAX, RCX)));
    pieces.add(general("cmp", all, a -> a.cmp(RAX, RCX)));
    pieces.add(general("test", all, a -> a.test(RAX, RCX)));
    pieces.add(general("imul", OF_ZERO_AND_CARRY.subList(0, 2), a -> a.imul(RAX, RCX)));
    for (int number : new int[] {1, -1, 100, -1000, 1 << 30}) {
      pieces.add(general("add " + number, all, a -> a.add(RAX, number)));
      pieces.add(general("sub " + number, all, a -> a.sub(RCX, number)));
      pieces.add(general("and " + number, all, a -> a.and(RAX, number)));
      pieces.add(general("cmp " + number, all, a -> a.cmp(RCX, number)));
    }
    for (int count : new int[] {1, 2, 31, 32, 63}) {
      pieces.add(general("shl " + count, OF_ZERO_AND_CARRY, a -> a.shl(RAX, count)));
      pieces.add(general("shr " + count, OF_ZERO_AND_CARRY, a -> a.shr(RAX, count)));
    }
    pieces.add(general("add from memory", all, a -> a.add(RAX, Address.at(RDI, MEMORY))));
    pieces.add(general("loads", List.of(), EmulatorAgainstCpuTest::loads));
    agree(pieces);
  }

  private static void loads(Assembler a) {
    Label there = new Label();
    a.movl(R8, Address.at(RDI, MEMORY));
    a.movzxb(Gpr.R9, Address.at(RDI, MEMORY + 9));
    a.movzxw(Gpr.R10, Address.at(RDI, MEMORY + 13));
    a.mov(Address.at(RDI, MEMORY + 32), R8);
    a.movl(Address.at(RDI, MEMORY + 43), RAX);
    a.lea(Gpr.R11, Address.at(RAX, RCX, 8, -77));
    a.movabs(R12, 0x1234_5678_9ABC_DEF0L);
    a.movl(R13, -5);
    a.push(RAX);
    a.push(RCX);
    a.pop(RAX);
    a.pop(RCX);
    a.prefetcht0(Address.at(RDX));
    a.jmp(there);
    a.mov(RAX, RDX);
    a.bind(there);
    a.mov(RDX, Address.of(there));
  }

  /** RAX and RCX are of the first vector; which conditions hold goes to the memory's end. */
  private static Piece general(String text, List<Condition> conditions, Consumer<Assembler> code) {
    return piece(
        text,
        false,
        a -> {
          a.mov(RAX, Address.at(RDI));
          a.mov(RCX, Address.at(RDI, 8));
          code.accept(a);
          for (int i = 0; i < conditions.size(); i++) {
            Label holds = new Label();
            a.movl(R8, 1);
            a.jcc(conditions.get(i), holds);
            a.movl(R8, 0);
            a.bind(holds);
            a.mov(Address.at(RDI, MEMORY + 128 + 8 * i), R8);
          }
        });
  }

  /** Whether a case's memory, if any, lies where a state has some. */
  private static boolean isPossible(InstructionCase one) {
    return one.operands().stream()
        .allMatch(
            operand ->
                switch (operand) {
                  case Vec _, Integer _ -> true;
                  case Gpr r -> r != RSP && r != RDI;
                  case Address a ->
                      Math.abs(a.displacement()) <= 64
                          && ((a.base() == RAX && a.index() == null)
                              || (a.base() == R13 && a.index() == R12));
                  default -> false;
                });
  }

  private static boolean isEvex(InstructionCase one) {
    return one.hex().startsWith("62");
  }

  private static Set<CpuExtension> needs(InstructionCase one) {
    boolean evex = isEvex(one);
    var needed = EnumSet.of(evex ? CpuExtension.AVX512 : CpuExtension.AVX2);
    switch (one.method().getName()) {
      case "vpdpbusdVex", "vpdpwssdVex" -> needed.add(CpuExtension.AVX_VNNI);
      case "vpdpbusdEvex", "vpdpwssdEvex" -> needed.add(CpuExtension.AVX512_VNNI);
      case "vpermb" -> needed.add(CpuExtension.AVX512_VBMI);
      case "vdpbf16ps" -> needed.add(CpuExtension.AVX512_BF16);
      default -> {}
    }
    return needed;
  }

  private static Piece piece(InstructionCase one) {
    return piece(
        one.text(),
        isEvex(one),
        a -> {
          a.lea(RAX, Address.at(RDI, MEMORY + 64));
          a.lea(R13, Address.at(RDI, MEMORY + 64));
          a.movl(R12, 8);
          one.write(a);
        });
  }

  /** Loads a state's registers, does something, and stores them. */
  private static Piece piece(String text, boolean wide, Consumer<Assembler> what) {
    boolean ofVectors = text.startsWith("v") || text.startsWith("{");
    var a = new Assembler();
    for (Gpr register : SAVED) {
      a.push(register);
    }
    for (int i = 0; i < (wide ? 32 : 16); i++) {
      a.vmovdqu(new Vec(i, wide ? 512 : 256), Address.at(RDI, 64 * i));
    }
    for (Gpr register : LOADED) {
      a.mov(register, Address.at(RDI, GENERAL + 8 * register.ordinal()));
    }
    what.accept(a);
    for (Gpr register : LOADED) {
      if (!ofVectors || (register != RAX && register != R13)) { // which have addresses
        a.mov(Address.at(RDI, GENERAL + 8 * register.ordinal()), register);
      }
    }
    for (int i = 0; i < (wide ? 32 : 16); i++) {
      a.vmovdqu(Address.at(RDI, 64 * i), new Vec(i, wide ? 512 : 256));
    }
    for (Gpr register : SAVED.reversed()) {
      a.pop(register);
    }
    a.vzeroupper();
    a.ret();
    return new Piece(text, a.finish(), wide, _ -> {});
  }

  private static void agree(List<Piece> pieces) {
    var differing = new ArrayList<String>();
    var random = new Random(1);
    for (Piece piece : pieces) {
      var emulator = new Emulator(piece.code);
      try (Arena arena = Arena.ofConfined();
          CodeMemory memory = CodeMemory.of(piece.code).orElseThrow()) {
        MemorySegment real = arena.allocate(STATE, 64);
        MemorySegment emulated = arena.allocate(STATE, 64);
        for (int i = 0; i < ROUNDS; i++) {
          fill(real, random);
          piece.prepare.accept(real);
          emulated.copyFrom(real);
          call(memory.at(0), real);
          emulator.call(emulated);
          long at = real.mismatch(emulated);
          if (at >= 0) {
            differing.add("%s, at byte %d of the state".formatted(piece.text, at));
            break;
          }
        }
      }
    }
    assertThat(differing).isEmpty();
  }

  private static void fill(MemorySegment state, Random random) {
    for (long at = 0; at < STATE; at += 4) {
      int value =
          switch (random.nextInt(4)) {
            case 0 -> random.nextInt();
            case 1 -> random.nextInt() >> random.nextInt(32);
            case 2 -> Float.floatToRawIntBits((float) random.nextGaussian());
            default -> UNUSUAL[random.nextInt(UNUSUAL.length)];
          };
      state.set(ValueLayout.JAVA_INT, at, value);
    }
  }

  private static void call(MemorySegment function, MemorySegment state) {
    try {
      CALL.invokeExact(function, state);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
