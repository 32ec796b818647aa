package io.foregate.quant.assembled.floats;

import static io.foregate.assembly.Gpr.R10;
import static io.foregate.assembly.Gpr.R11;
import static io.foregate.assembly.Gpr.R12;
import static io.foregate.assembly.Gpr.R13;
import static io.foregate.assembly.Gpr.R14;
import static io.foregate.assembly.Gpr.R15;
import static io.foregate.assembly.Gpr.R8;
import static io.foregate.assembly.Gpr.R9;
import static io.foregate.assembly.Gpr.RAX;
import static io.foregate.assembly.Gpr.RBP;
import static io.foregate.assembly.Gpr.RBX;
import static io.foregate.assembly.Gpr.RCX;
import static io.foregate.assembly.Gpr.RDI;
import static io.foregate.assembly.Gpr.RDX;
import static io.foregate.assembly.Gpr.RSI;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Condition;
import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;
import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.ProductCall;
import io.foregate.quant.assembled.function.RegisterPool;
import io.foregate.quant.assembled.function.StackFrame;
import io.foregate.quant.assembled.function.Strided;

/**
 * The loops of a product of rows of floats. Called as {@link ProductCall} has it; a block is an
 * element.
 *
 * <p>Rows are taken in groups of four, or of two where sums of four would not fit the registers.
 * Where fewer are left, the last group begins so early that it ends with the last row. Where all
 * rows are fewer than a group, it is one row, taken for all of its rows.
 *
 * <p>With many tokens, a stretch of the activations meets several groups while it is in the first
 * cache; sums are on the stack meanwhile.
 */
public final class FloatFrame {
  // On the stack, from its top.
  private static final Address ROW_BYTES = StackFrame.local(0);
  private static final Address ROWS = StackFrame.local(8);

  /** The last row that a group may begin with. */
  private static final Address LAST = StackFrame.local(16);

  /** From a group's first row to the next's. */
  private static final Address STEP = StackFrame.local(24);

  /** The group's first row. */
  private static final Address FIRST = StackFrame.local(32);

  /** Elements that have been added up. */
  private static final Address DONE = StackFrame.local(40);

  /** Elements that have not. */
  private static final Address LEFT = StackFrame.local(48);

  private static final int SUMS = 56;

  /** Elements of a stretch. */
  private static final int STRETCH = 256;

  /** Groups that meet a stretch one after the other. */
  private static final int GROUPS = 8;

  private static final int LINE = 64;

  /** The assembler that everything is written with. */
  final Assembler a = new Assembler();

  final InstructionSet set;
  final int tokens;
  final RegisterPool registers;

  private final FloatRows code;
  private final int group;
  private final boolean stretches;
  private final StackFrame stack;

  private FloatFrame(InstructionSet set, FloatRows code, int tokens) {
    this.set = set;
    this.tokens = tokens;
    this.registers = new RegisterPool(set.registers(), 0, set.bits());
    this.code = code;
    this.group = 4 * tokens <= set.registers() / 2 ? 4 : 2;
    this.stretches = group == 2;
    this.stack = StackFrame.savingAll(SUMS + (stretches ? GROUPS * sumBytes() : 0));
  }

  /**
   * Writes a function.
   *
   * @param type F32, F16 or BF16
   * @param tokens 1 to {@link ProductCall#MAX_TOKENS}
   */
  public static byte[] write(InstructionSet set, GgmlType type, int tokens) {
    var frame = new FloatFrame(set, new FloatRows(type), tokens);
    frame.write();
    return frame.a.finish();
  }

  /** Rows of a group. */
  int rows() {
    return group;
  }

  /** Elements of a vector. */
  int lanes() {
    return set.bits() / 32;
  }

  /** The step's weights of a group's row. */
  Address weights(int row) {
    return Strided.address(row, RAX, RDX, RSI, 0);
  }

  /** The step's activations of a token. */
  Address x(int token) {
    return Strided.address(token % 4, token < 4 ? R10 : R13, R11, R12, 0);
  }

  private int sumBytes() {
    return tokens * group * set.bits() / 8;
  }

  private void write() {
    stack.enter(a);
    enter();
    Label rows = a.here();
    a.xor(RCX, RCX);
    a.mov(DONE, RCX);
    stretch();
    a.mov(R14, R15);
    a.mov(RCX, ROWS);
    a.cmp(R14, RCX);
    a.jcc(Condition.LESS, rows);
    stack.leave(a);
  }

  private void enter() {
    a.add(RDI, RSI);
    a.mov(ROW_BYTES, RDX);
    a.mov(ROWS, RCX);
    a.add(R9, stack.argument(ProductCall.X_AT));
    a.mov(R11, stack.argument(ProductCall.X_STRIDE));
    a.lea(R12, Address.at(R11, R11, 2, 0));
    a.lea(RSI, Address.at(RDX, RDX, 2, 0));
    a.movl(R15, group);
    Label enough = new Label();
    a.sub(RCX, group);
    a.jcc(Condition.GREATER_OR_EQUAL, enough);
    a.add(RCX, group - 1);
    a.movl(R15, 1);
    a.xor(RDX, RDX);
    a.xor(RSI, RSI);
    a.bind(enough);
    a.mov(LAST, RCX);
    a.mov(STEP, R15);
    a.xor(R14, R14);
  }

  /** Adds up what is left of the groups from row R14 on; R15 becomes the first of the next rows. */
  private void stretch() {
    Label again = a.here();
    a.mov(RCX, DONE);
    a.mov(R15, R8);
    a.sub(R15, RCX);
    a.mov(LEFT, R15);
    a.mov(R15, R14);
    Label next = new Label();
    Label end = new Label();
    if (stretches) {
      a.lea(RBX, StackFrame.local(SUMS));
      a.bind(next);
    }
    group();
    a.add(R15, STEP);
    if (stretches) {
      a.mov(RCX, ROWS);
      a.cmp(R15, RCX);
      a.jcc(Condition.GREATER_OR_EQUAL, end);
      a.add(RBX, sumBytes());
      a.lea(RCX, StackFrame.local(SUMS + GROUPS * sumBytes()));
      a.cmp(RBX, RCX);
      a.jcc(Condition.LESS, next);
      a.bind(end);
      a.mov(RCX, DONE);
      a.add(RCX, STRETCH);
      a.mov(DONE, RCX);
      a.cmp(RCX, R8);
      a.jcc(Condition.LESS, again);
    }
  }

  /** Adds up a stretch of the group that begins with row R15. */
  private void group() {
    int kept = registers.taken();
    Vec[] sums = registers.take(tokens * group);
    pointers();
    Label added = new Label();
    Label ready = new Label();
    if (stretches) {
      Label first = new Label();
      a.mov(RCX, DONE);
      a.test(RCX, RCX);
      a.jcc(Condition.EQUAL, first);
      move(sums, false);
      a.jmp(ready);
      a.bind(first);
    }
    for (Vec sum : sums) {
      a.vpxor(sum, sum, sum);
    }
    a.bind(ready);
    a.mov(RBP, LEFT);
    if (stretches) {
      Label last = new Label();
      a.cmp(RBP, STRETCH);
      a.jcc(Condition.LESS_OR_EQUAL, last);
      a.movl(RBP, STRETCH);
      loop(sums, false);
      move(sums, true);
      a.jmp(added);
      a.bind(last);
    }
    loop(sums, false);
    loop(sums, true);
    store(sums);
    a.bind(added);
    registers.release(kept);
  }

  private void pointers() {
    Label fits = new Label();
    a.mov(RAX, R15);
    a.mov(RCX, LAST);
    a.cmp(RAX, RCX);
    a.jcc(Condition.LESS_OR_EQUAL, fits);
    a.mov(RAX, RCX);
    a.bind(fits);
    a.mov(FIRST, RAX);
    a.mov(RCX, ROW_BYTES);
    a.imul(RAX, RCX);
    a.add(RAX, RDI);
    a.mov(R10, R9);
    if (stretches) {
      a.mov(RCX, DONE);
      a.lea(RAX, Address.at(RAX, RCX, code.weightBytes(), 0));
      a.lea(R10, Address.at(R10, RCX, 4, 0));
    } else {
      a.lea(RBX, Address.at(RAX, RCX, 4, 0)); // the next group, which is prefetched
    }
    if (tokens > 4) {
      a.lea(R13, Address.at(R10, R11, 4, 0));
    }
  }

  /** Adds up RBP elements as long as there are enough for a step, or one by one. */
  private void loop(Vec[] sums, boolean single) {
    int elements = single ? 1 : lanes();
    int bytes = elements * code.weightBytes();
    Label done = new Label();
    a.sub(RBP, elements);
    a.jcc(Condition.LESS, done);
    Label next = a.here();
    if (!stretches && !single) {
      for (int at = 0; at < group * bytes; at += LINE) {
        a.prefetcht0(Address.at(RBX, at));
      }
      a.add(RBX, group * bytes);
    }
    int kept = registers.taken();
    code.add(this, sums, single);
    registers.release(kept);
    a.add(RAX, bytes);
    a.add(R10, 4 * elements);
    if (tokens > 4) {
      a.add(R13, 4 * elements);
    }
    a.sub(RBP, elements);
    a.jcc(Condition.GREATER_OR_EQUAL, next);
    a.bind(done);
    a.add(RBP, elements);
  }

  /** Sums to the stack, or from it. */
  private void move(Vec[] sums, boolean store) {
    for (int i = 0; i < sums.length; i++) {
      Address at = Address.at(RBX, i * set.bits() / 8);
      if (store) {
        a.vmovups(at, sums[i]);
      } else {
        a.vmovups(sums[i], at);
      }
    }
  }

  private void store(Vec[] sums) {
    for (int t = 0; t < tokens; t++) {
      code.reduce(this, sums, t);
    }
    Label one = new Label();
    Label done = new Label();
    a.mov(RAX, FIRST);
    a.mov(RCX, stack.argument(ProductCall.Y));
    a.test(RDX, RDX);
    a.jcc(Condition.EQUAL, one);
    store(sums, false);
    a.jmp(done);
    a.bind(one);
    store(sums, true);
    a.bind(done);
  }

  private void store(Vec[] sums, boolean one) {
    Address to = Address.at(RCX, RAX, 4, 0);
    for (int t = 0; t < tokens; t++) {
      Vec result = sums[t * group].x();
      if (one) {
        a.vmovss(to, result);
      } else if (group == 2) {
        a.vmovq(to, result);
      } else {
        a.vmovups(to, result);
      }
      if (t + 1 < tokens) {
        a.add(RCX, stack.argument(ProductCall.Y_STRIDE));
      }
    }
  }
}
