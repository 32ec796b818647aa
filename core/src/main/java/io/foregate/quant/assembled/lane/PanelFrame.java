package io.foregate.quant.assembled.lane;

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
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.function.Constants;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.ProductCall;
import io.foregate.quant.assembled.function.RegisterPool;
import io.foregate.quant.assembled.function.StackFrame;

/**
 * The loops of a product of unpacked rows with AVX2, two rows and two tokens at a time: what is
 * loaded of a row meets two tokens, and what is loaded of a token two rows. It is called as {@link
 * ProductCall} has it, with two rows or more. Where one is left, it is taken with the row before.
 *
 * <p>A stretch of all tokens' activations meets several pairs of rows while it is in the first
 * cache; sums are on the stack meanwhile.
 *
 * <p>Float operations on a sum are those of {@link SuperBlockCode#block}, in the same order: a
 * token's result must not depend on its batch.
 */
final class PanelFrame {
  private static final int BITS = 256;
  private static final int PAIR = 2;
  private static final int MAX_TOKENS = 2;

  // On the stack, from its top.
  private static final Address ROWS = StackFrame.local(0);

  /** The last row that a pair may begin with. */
  private static final Address LAST = StackFrame.local(8);

  /** The first row of a group of pairs. */
  private static final Address GROUP = StackFrame.local(16);

  /** The first row of a pair. */
  private static final Address FIRST = StackFrame.local(24);

  /** Bytes of activations that were added up. */
  private static final Address X_DONE = StackFrame.local(32);

  /** The same of a row. */
  private static final Address WEIGHTS_DONE = StackFrame.local(40);

  /** Blocks that were not. */
  private static final Address LEFT = StackFrame.local(48);

  private static final int SUMS = 56;

  /** Blocks of a stretch. */
  private static final int STRETCH = 16;

  /** Pairs that meet a stretch one after the other. */
  private static final int PAIRS = 16;

  private final Assembler a = new Assembler();
  private final RegisterPool registers = new RegisterPool(16, 0, BITS);
  private final Constants constants = new Constants(BITS);
  private final PanelLanes panel;

  /** Tokens at a time. */
  private final int tokens;

  private final StackFrame stack;
  private final Vec ones;
  private final Vec centre;

  private PanelFrame(PanelLanes panel, int tokens) {
    this.panel = panel;
    this.tokens = Math.min(tokens, MAX_TOKENS);
    this.stack = StackFrame.savingAll(SUMS + PAIRS * tokens / this.tokens * sumBytes());
    this.ones = registers.take();
    this.centre = panel.centre() != 0 ? registers.take() : ones;
  }

  /** Whether a lane's products fit 16 bits until all of them are added up. */
  static boolean takes(InstructionSet set, PanelLanes panel) {
    int pairs = LaneCodes.REGISTERS * 2 * 127 * panel.greatest();
    return set == InstructionSet.AVX2 && pairs <= Short.MAX_VALUE;
  }

  /**
   * Writes a function.
   *
   * @param tokens 1 to {@link ProductCall#MAX_TOKENS}, a power of two
   */
  static byte[] write(PanelLanes panel, int tokens) {
    var frame = new PanelFrame(panel, tokens);
    frame.function(tokens / frame.tokens);
    return frame.a.finish();
  }

  private void function(int passes) {
    stack.enter(a);
    a.add(RDI, RSI);
    a.add(R9, stack.argument(ProductCall.X_AT));
    a.mov(RSI, stack.argument(ProductCall.Y));
    a.mov(R11, stack.argument(ProductCall.X_STRIDE));
    a.mov(RBX, stack.argument(ProductCall.Y_STRIDE));
    a.mov(ROWS, RCX);
    a.sub(RCX, PAIR);
    a.mov(LAST, RCX);
    load(ones, constants.lanes(_ -> 0x00010001));
    if (panel.centre() != 0) {
      load(centre, constants.floats(_ -> -panel.centre()));
    }
    a.xor(R15, R15);
    Label group = a.here();
    a.mov(GROUP, R15);
    group(passes);
    a.mov(RCX, ROWS);
    a.cmp(R15, RCX);
    a.jcc(Condition.LESS, group);
    stack.leave(a);
    constants.write(a);
  }

  /** Pairs from row R15 on, as many as have room for their sums; R15 becomes the next one. */
  private void group(int passes) {
    a.xor(RCX, RCX);
    a.mov(X_DONE, RCX);
    a.mov(WEIGHTS_DONE, RCX);
    a.mov(LEFT, R8);
    Label stretch = a.here();
    a.mov(R15, GROUP);
    a.lea(R13, StackFrame.local(SUMS));
    Label pair = a.here();
    Label end = new Label();
    begin();
    for (int pass = 0; pass < passes; pass++) {
      product(pass);
    }
    a.add(R15, PAIR);
    a.mov(RCX, ROWS);
    a.cmp(R15, RCX);
    a.jcc(Condition.GREATER_OR_EQUAL, end);
    a.add(R13, passes * sumBytes());
    a.lea(RCX, StackFrame.local(SUMS + PAIRS * passes * sumBytes()));
    a.cmp(R13, RCX);
    a.jcc(Condition.LESS, pair);
    a.bind(end);
    advance(X_DONE, STRETCH * ActivationLayout.BLOCKS_OF_256.bytes());
    advance(WEIGHTS_DONE, STRETCH * panel.bytes());
    advance(LEFT, -STRETCH);
    a.test(RCX, RCX);
    a.jcc(Condition.GREATER, stretch);
  }

  private void advance(Address number, int by) {
    a.mov(RCX, number);
    a.add(RCX, by);
    a.mov(number, RCX);
  }

  /** Lets R12 point at the stretch of the pair that begins with row R15, or ends with the last. */
  private void begin() {
    Label fits = new Label();
    a.mov(R12, R15);
    a.mov(RCX, LAST);
    a.cmp(R12, RCX);
    a.jcc(Condition.LESS_OR_EQUAL, fits);
    a.mov(R12, RCX);
    a.bind(fits);
    a.mov(FIRST, R12);
    a.imul(R12, RDX);
    a.add(R12, RDI);
    a.add(R12, WEIGHTS_DONE);
  }

  private void load(Vec register, Operand constant) {
    if (constant instanceof Address memory) {
      a.vmovdqu(register, memory);
    }
  }

  /** A stretch of the pair with the pass's tokens. */
  private void product(int pass) {
    int kept = registers.taken();
    Vec[] sums = registers.take(PAIR * tokens);
    Label first = new Label();
    Label ready = new Label();
    a.mov(RCX, X_DONE);
    a.test(RCX, RCX);
    a.jcc(Condition.EQUAL, first);
    for (int i = 0; i < sums.length; i++) {
      a.vmovups(sums[i], kept(pass, i));
    }
    a.jmp(ready);
    a.bind(first);
    for (Vec sum : sums) {
      a.vpxor(sum, sum, sum);
    }
    a.bind(ready);
    a.mov(R10, R9);
    a.add(R10, RCX);
    for (int i = 0; i < pass; i++) {
      a.lea(R10, Address.at(R10, R11, tokens, 0));
    }
    Label few = new Label();
    a.mov(RBP, LEFT);
    a.cmp(RBP, STRETCH);
    a.jcc(Condition.LESS_OR_EQUAL, few);
    a.movl(RBP, STRETCH);
    a.bind(few);
    blocks(sums);
    Label last = new Label();
    Label done = new Label();
    a.mov(RCX, LEFT);
    a.cmp(RCX, STRETCH);
    a.jcc(Condition.LESS_OR_EQUAL, last);
    for (int i = 0; i < sums.length; i++) {
      a.vmovups(kept(pass, i), sums[i]);
    }
    a.jmp(done);
    a.bind(last);
    store(sums, pass);
    a.bind(done);
    registers.release(kept);
  }

  /** Where a sum is between two stretches. */
  private Address kept(int pass, int sum) {
    return Address.at(R13, pass * sumBytes() + sum * BITS / 8);
  }

  /** Adds RBP blocks. */
  private void blocks(Vec[] sums) {
    a.mov(RAX, R12);
    Label next = a.here();
    for (int part = 0; part < 16 / (BITS / 32); part++) {
      int taken = registers.taken();
      Vec[] dots = registers.take(sums.length);
      dots(dots, part);
      floats(sums, dots, part);
      registers.release(taken);
    }
    a.add(RAX, panel.bytes());
    a.add(R10, ActivationLayout.BLOCKS_OF_256.bytes());
    a.sub(RBP, 1);
    a.jcc(Condition.NOT_EQUAL, next);
  }

  private int sumBytes() {
    return PAIR * tokens * BITS / 8;
  }

  private Address weights(int row, int offset) {
    return row == 0 ? Address.at(RAX, offset) : Address.at(RAX, RDX, 1, offset);
  }

  private Address x(int token, int offset) {
    return token == 0 ? Address.at(R10, offset) : Address.at(R10, R11, 1, offset);
  }

  /** Sums of a part's products as ints, exact. */
  private void dots(Vec[] dots, int part) {
    int kept = registers.taken();
    Vec[] w = registers.take(PAIR);
    Vec x = registers.take();
    Vec product = registers.take();
    for (int k = 0; k < LaneCodes.REGISTERS; k++) {
      int at = PanelLanes.codes(BITS, part, k);
      for (int row = 0; row < PAIR; row++) {
        a.vmovdqu(w[row], weights(row, at));
      }
      for (int t = 0; t < tokens; t++) {
        a.vmovdqu(x, x(t, at));
        for (int row = 0; row < PAIR; row++) {
          Vec sum = dots[PAIR * t + row];
          a.vpmaddubsw(k == 0 ? sum : product, w[row], x);
          if (k > 0) {
            a.vpaddw(sum, sum, product);
          }
        }
      }
    }
    for (Vec sum : dots) {
      a.vpmaddwd(sum, sum, ones);
    }
    registers.release(kept);
  }

  /** Adds them to each token's sums, with scales. */
  private void floats(Vec[] sums, Vec[] dots, int part) {
    Vec[] scales = factors(PanelLanes.scales(BITS, part));
    Vec[] minima = panel.hasMinima() ? factors(PanelLanes.minima(BITS, part)) : scales;
    Vec x = registers.take();
    Vec scale = registers.take();
    for (int t = 0; t < tokens; t++) {
      a.vbroadcastss(scale, x(t, ActivationLayout.SCALE_256));
      if (panel.hasMinima() || panel.centre() != 0) {
        a.vmovups(x, x(t, ActivationLayout.SUMS_16 + part * BITS / 8));
      }
      for (int row = 0; row < PAIR; row++) {
        Vec sum = dots[PAIR * t + row];
        a.vcvtdq2ps(sum, sum);
        if (panel.centre() != 0) {
          a.vfmadd231ps(sum, x, centre);
        }
        a.vmulps(sum, sum, scales[row]);
        if (panel.hasMinima()) {
          a.vfnmadd231ps(sum, minima[row], x);
        }
        a.vfmadd231ps(sums[PAIR * t + row], sum, scale);
      }
    }
  }

  private Vec[] factors(int offset) {
    Vec[] factors = registers.take(PAIR);
    for (int row = 0; row < PAIR; row++) {
      a.vmovups(factors[row], weights(row, offset));
    }
    return factors;
  }

  private void store(Vec[] sums, int pass) {
    Vec high = registers.take();
    a.mov(R14, FIRST);
    a.lea(R14, Address.at(RSI, R14, Float.BYTES, 0));
    for (int i = 0; i < pass; i++) {
      a.lea(R14, Address.at(R14, RBX, tokens, 0));
    }
    for (int t = 0; t < tokens; t++) {
      for (int row = 0; row < PAIR; row++) {
        Vec sum = sums[PAIR * t + row];
        LaneSums.write(a, sum, high);
        a.vmovss(Address.at(R14, Float.BYTES * row), sum.x());
      }
      a.add(R14, RBX);
    }
  }
}
