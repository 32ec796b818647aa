package io.foregate.quant.assembled.function;

import static io.foregate.assembly.Gpr.R12;
import static io.foregate.assembly.Gpr.R13;
import static io.foregate.assembly.Gpr.R14;
import static io.foregate.assembly.Gpr.R15;
import static io.foregate.assembly.Gpr.RBP;
import static io.foregate.assembly.Gpr.RBX;
import static io.foregate.assembly.Gpr.RSP;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Gpr;
import java.util.List;

/**
 * A function's part of the stack, from the top: its own numbers, what it saves of its caller's
 * registers, where it returns to, and the arguments that found no register, eight bytes each.
 *
 * @param locals bytes of the function's own numbers
 * @param saved registers that the function uses, and System V has it preserve
 */
public record StackFrame(int locals, List<Gpr> saved) {
  private static final int WORD = 8;

  /** One that has and saves nothing. */
  public static final StackFrame NONE = new StackFrame(0, List.of());

  /** One that saves all registers that a function has to. */
  public static StackFrame savingAll(int locals) {
    return new StackFrame(locals, List.of(RBX, RBP, R12, R13, R14, R15));
  }

  /** Writes how a function begins. */
  public void enter(Assembler a) {
    saved.forEach(a::push);
    if (locals > 0) {
      a.sub(RSP, locals);
    }
  }

  /** Writes how it ends. */
  public void leave(Assembler a) {
    if (locals > 0) {
      a.add(RSP, locals);
    }
    saved.reversed().forEach(a::pop);
    a.vzeroupper();
    a.ret();
  }

  /** Some of the function's own numbers. */
  public static Address local(int offset) {
    return Address.at(RSP, offset);
  }

  /** An argument on the stack: 0 is the first there. */
  public Address argument(int number) {
    return Address.at(RSP, locals + WORD * (saved.size() + 1 + number));
  }
}
