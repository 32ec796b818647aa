package io.foregate.quant.assembled.group;

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
import io.foregate.assembly.Gpr;
import io.foregate.assembly.Label;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.ProductCall;
import io.foregate.quant.assembled.function.RegisterPool;
import io.foregate.quant.assembled.function.StackFrame;
import io.foregate.quant.assembled.function.Strided;

/**
 * The loops of a product that takes rows in groups, and the registers that its blocks share. Called
 * as {@link ProductCall} has it.
 *
 * <p>A group is one to four runs of rows that follow each other, a pointer to each run. Where fewer
 * rows are left, runs begin so early that they end with the last row, and some rows are computed
 * twice. Where all rows are fewer than a run, a group is one row, taken for all of its rows.
 */
final class GroupFrame {
  /** Pointers to the runs of rows. */
  private static final Gpr[] RUNS = {RAX, RBX, RCX, RDI};

  // On the stack, from its top.
  private static final Address WEIGHTS = StackFrame.local(0);
  private static final Address ROW_BYTES = StackFrame.local(8);
  private static final Address ROWS = StackFrame.local(16);

  /** The last row that a run may begin with. */
  private static final Address LAST = StackFrame.local(24);

  /** From a group's first row to the next's. */
  private static final Address STEP = StackFrame.local(32);

  /** The first row of each run. */
  private static final Address FIRST = StackFrame.local(40);

  private static final StackFrame STACK = StackFrame.savingAll(40 + 8 * RUNS.length);

  private static final int LINE = 64;

  /** Rows of a run. */
  private static final int RUN = 4;

  /** The assembler that everything is written with. */
  final Assembler a = new Assembler();

  final InstructionSet set;
  final int tokens;
  final RegisterPool registers;

  private final Blocks32 code;

  /** Whether weights lie in a panel. */
  private final boolean unpacked;

  private final int runs;

  private GroupFrame(InstructionSet set, Blocks32 code, boolean unpacked, int tokens) {
    this.set = set;
    this.tokens = tokens;
    this.registers = new RegisterPool(set.registers(), 0, set.bits());
    this.code = code;
    this.unpacked = unpacked;
    this.runs = set.bits() / 32 / RUN;
  }

  /**
   * Writes a function.
   *
   * @param tokens 1 to {@link ProductCall#MAX_TOKENS}
   */
  static byte[] write(InstructionSet set, Blocks32 code, int tokens) {
    return new GroupFrame(set, code, false, tokens).write();
  }

  /** As {@link #write}, for weights that {@link #writeUnpacking} has unpacked. */
  static byte[] writeUnpacked(InstructionSet set, Blocks32 code, int tokens) {
    return new GroupFrame(set, code.unpacked(set), true, tokens).write();
  }

  /**
   * Writes a function that unpacks rows into a panel, which is where {@code x} and {@code xAt} say;
   * groups follow each other there.
   */
  static byte[] writeUnpacking(InstructionSet set, Blocks32 code) {
    return new GroupFrame(set, code, false, 0).write();
  }

  /** Rows of a group. */
  int rows() {
    return runs * RUN;
  }

  /** The step's weights of a group's row. */
  Address weights(int row, int offset) {
    return Strided.address(row % RUN, RUNS[row / RUN], RDX, RSI, offset);
  }

  /** The step's activations of a token. */
  Address x(int token, int offset) {
    return Strided.address(token % 4, token < 4 ? R10 : R13, R11, R12, offset);
  }

  /**
   * Constants as wide as a vector that stand behind {@code label}, in a register that is kept if
   * the set has many. For {@link Blocks32#constants}.
   */
  Operand constant(Label label) {
    return set.registers() > 16 ? kept(label) : Address.of(label);
  }

  /** The same, always in a register. */
  Vec kept(Label label) {
    Vec kept = registers.take();
    a.vmovdqu(kept, Address.of(label));
    return kept;
  }

  /** Writes as many constants as a vector has. */
  void data(Label label, int... bytes) {
    a.bind(label);
    for (int i = 0; i < set.bits() / 8; i += bytes.length) {
      a.bytes(bytes);
    }
  }

  private byte[] write() {
    STACK.enter(a);
    enter();
    code.constants(this);
    int constants = registers.taken();
    a.xor(R14, R14);
    a.mov(R10, R9);
    Label group = a.here();
    pointers();
    code.begin(this);
    blocks();
    if (tokens > 0) {
      store();
    }
    registers.release(constants);
    a.add(R14, STEP);
    a.mov(R15, ROWS);
    a.cmp(R14, R15);
    a.jcc(Condition.LESS, group);
    STACK.leave(a);
    a.align(64);
    code.data(this);
    return a.finish();
  }

  private void enter() {
    a.add(RDI, RSI);
    a.mov(WEIGHTS, RDI);
    a.mov(ROW_BYTES, RDX);
    a.mov(ROWS, RCX);
    a.add(R9, STACK.argument(ProductCall.X_AT));
    a.mov(R11, STACK.argument(ProductCall.X_STRIDE));
    a.lea(R12, Address.at(R11, R11, 2, 0));
    a.lea(RSI, Address.at(RDX, RDX, 2, 0));
    a.movl(R15, rows());
    Label enough = new Label();
    a.sub(RCX, RUN);
    a.jcc(Condition.GREATER_OR_EQUAL, enough);
    a.add(RCX, RUN - 1);
    a.movl(R15, 1);
    a.xor(RDX, RDX);
    a.xor(RSI, RSI);
    a.bind(enough);
    a.mov(LAST, RCX);
    a.mov(STEP, R15);
  }

  /** Lets all pointers stand at the group that begins with row R14. */
  private void pointers() {
    a.mov(RBP, LAST);
    a.mov(R15, ROW_BYTES);
    for (int i = 0; i < runs; i++) {
      Gpr run = RUNS[i];
      Label fits = new Label();
      a.mov(run, R14);
      a.add(run, i * RUN);
      a.cmp(run, RBP);
      a.jcc(Condition.LESS_OR_EQUAL, fits);
      a.mov(run, RBP);
      a.bind(fits);
      a.mov(FIRST.plus(8 * i), run);
      a.imul(run, R15);
      a.add(run, WEIGHTS);
    }
    if (unpacked) {
      a.mov(RUNS[0], WEIGHTS);
    }
    a.shl(R15, Integer.numberOfTrailingZeros(rows()));
    a.add(R15, RUNS[0]); // the next group, which is prefetched
    if (tokens > 0) {
      a.mov(R10, R9);
    }
    if (tokens > 4) {
      a.lea(R13, Address.at(R9, R11, 4, 0));
    }
  }

  private void blocks() {
    int bytes = code.weightBytes();
    a.mov(RBP, R8);
    Label next = a.here();
    if (!unpacked) {
      for (int at = 0; at < rows() * bytes; at += LINE) {
        a.prefetcht0(Address.at(R15, at));
      }
      a.add(R15, rows() * bytes);
    }
    int kept = registers.taken();
    if (tokens > 0) {
      code.block(this);
    } else {
      code.unpack(this);
    }
    registers.release(kept);
    for (int i = 0; i < (unpacked ? 1 : runs); i++) {
      a.add(RUNS[i], bytes);
    }
    int step = tokens > 0 ? ActivationLayout.BLOCKS_OF_32.bytes() : code.panelBytes(set);
    a.add(R10, step);
    if (tokens > 4) {
      a.add(R13, step);
    }
    a.sub(RBP, 1);
    a.jcc(Condition.NOT_EQUAL, next);
    if (unpacked) {
      a.mov(WEIGHTS, RUNS[0]);
    }
  }

  private void store() {
    Label one = new Label();
    Label done = new Label();
    for (int i = 0; i < runs; i++) {
      a.mov(RUNS[i], FIRST.plus(8 * i));
    }
    a.mov(R15, STACK.argument(ProductCall.Y));
    a.test(RDX, RDX);
    a.jcc(Condition.EQUAL, one);
    store(false);
    a.jmp(done);
    a.bind(one);
    store(true);
    a.bind(done);
  }

  private void store(boolean one) {
    for (int t = 0; t < tokens; t++) {
      Vec result = code.sum(t);
      for (int i = 0; i < (one ? 1 : runs); i++) {
        Address to = Address.at(R15, RUNS[i], 4, 0);
        if (one) {
          a.vmovss(to, result.x());
        } else if (i == 0) {
          a.vmovups(to, result.x());
        } else {
          a.vextracti128(to, result, i);
        }
      }
      if (t + 1 < tokens) {
        a.add(R15, STACK.argument(ProductCall.Y_STRIDE));
      }
    }
  }
}
