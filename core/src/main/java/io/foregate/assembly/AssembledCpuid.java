package io.foregate.assembly;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** Asks this CPU, by code of the assembler. Open it on x86-64 only. */
final class AssembledCpuid implements Cpuid, AutoCloseable {
  private static final int REGISTERS = 4;

  private final CodeMemory memory;
  private final MethodHandle leaf;
  private final MethodHandle saved;

  @SuppressWarnings("restricted")
  private AssembledCpuid(CodeMemory memory, Label leaf, Label saved) {
    this.memory = memory;
    Linker linker = Linker.nativeLinker();
    this.leaf =
        linker.downcallHandle(
            memory.at(leaf.offset),
            FunctionDescriptor.ofVoid(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    this.saved =
        linker.downcallHandle(
            memory.at(saved.offset), FunctionDescriptor.of(ValueLayout.JAVA_LONG));
  }

  /** Empty if the system lets no code of ours be run. */
  static Optional<AssembledCpuid> open() {
    var code = new Assembler();
    Label leaf = code.here();
    writeLeaf(code);
    Label saved = code.here();
    writeSaved(code);
    return CodeMemory.of(code.finish()).map(memory -> new AssembledCpuid(memory, leaf, saved));
  }

  /** {@code void leaf(int leaf, int subleaf, int[4] answer)}: RDI, RSI and RDX by the ABI. */
  static void writeLeaf(Assembler code) {
    code.push(Gpr.RBX); // the caller's, and CPUID writes it
    code.mov(Gpr.R8, Gpr.RDX);
    code.mov(Gpr.RAX, Gpr.RDI);
    code.mov(Gpr.RCX, Gpr.RSI);
    code.cpuid();
    code.movl(Address.at(Gpr.R8), Gpr.RAX);
    code.movl(Address.at(Gpr.R8, 4), Gpr.RBX);
    code.movl(Address.at(Gpr.R8, 8), Gpr.RCX);
    code.movl(Address.at(Gpr.R8, 12), Gpr.RDX);
    code.pop(Gpr.RBX);
    code.ret();
  }

  /** {@code long saved()}: XCR0, which comes in EDX and EAX. */
  private static void writeSaved(Assembler code) {
    code.xor(Gpr.RCX, Gpr.RCX);
    code.xgetbv();
    code.shl(Gpr.RDX, 32);
    code.or(Gpr.RAX, Gpr.RDX);
    code.ret();
  }

  @Override
  public int[] leaf(int number, int subleaf) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment answer = arena.allocate(ValueLayout.JAVA_INT, REGISTERS);
      leaf.invokeExact(number, subleaf, answer);
      return answer.toArray(ValueLayout.JAVA_INT);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public long savedRegisters() {
    try {
      return (long) saved.invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
