package io.foregate.quant.assembled.lane;

import static io.foregate.assembly.Gpr.R10;
import static io.foregate.assembly.Gpr.R11;
import static io.foregate.assembly.Gpr.R12;
import static io.foregate.assembly.Gpr.R13;
import static io.foregate.assembly.Gpr.R14;
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
 * loaded of a row meets two tokens, and what is loaded of a token two rows. Loads are what a
 * product of small codes waits for. It is called as {@link ProductCall} has it, with two rows or
 * more.
 *
 * <p>Float operations on a sum are those of {@link SuperBlockCode#block}, in the same order: a
 * token's result must not depend on its batch.
 */
final class PanelFrame {
  private static final int BITS = 256;
  private static final int ROWS = 2;
  private static final int MAX_TOKENS = 2;
  private static final StackFrame STACK = StackFrame.savingAll(0);

  private final Assembler a = new Assembler();
  private final RegisterPool registers = new RegisterPool(16, 0, BITS);
  private final Constants constants = new Constants(BITS);
  private final PanelLanes panel;

  /** Tokens at a time. */
  private final int tokens;

  private final Vec ones;
  private final Vec centre;

  private PanelFrame(PanelLanes panel, int tokens) {
    this.panel = panel;
    this.tokens = tokens;
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
    var frame = new PanelFrame(panel, Math.min(tokens, MAX_TOKENS));
    frame.function(tokens);
    return frame.a.finish();
  }

  private void function(int all) {
    STACK.enter(a);
    a.add(RDI, RSI);
    a.add(R9, STACK.argument(ProductCall.X_AT));
    a.mov(RSI, STACK.argument(ProductCall.Y));
    a.mov(R11, STACK.argument(ProductCall.X_STRIDE));
    a.mov(RBX, STACK.argument(ProductCall.Y_STRIDE));
    load(ones, constants.lanes(_ -> 0x00010001));
    if (panel.centre() != 0) {
      load(centre, constants.floats(_ -> -panel.centre()));
    }
    Label next = a.here();
    a.mov(R12, R9);
    a.mov(R13, RSI);
    for (int t = 0; t < all; t += tokens) {
      product();
      a.lea(R12, Address.at(R12, R11, tokens, 0));
      a.lea(R13, Address.at(R13, RBX, tokens, 0));
    }
    a.lea(RDI, Address.at(RDI, RDX, ROWS, 0));
    a.add(RSI, ROWS * Float.BYTES);
    a.sub(RCX, ROWS);
    a.cmp(RCX, ROWS);
    a.jcc(Condition.GREATER_OR_EQUAL, next);
    Label done = new Label();
    a.test(RCX, RCX);
    a.jcc(Condition.EQUAL, done);
    // One is left: it is taken with the row before, once more.
    a.sub(RDI, RDX);
    a.sub(RSI, Float.BYTES);
    a.movl(RCX, ROWS);
    a.jmp(next);
    a.bind(done);
    STACK.leave(a);
    constants.write(a);
  }

  private void load(Vec register, Operand constant) {
    if (constant instanceof Address memory) {
      a.vmovdqu(register, memory);
    }
  }

  /** Rows from RDI on with tokens from R12 on. */
  private void product() {
    int kept = registers.taken();
    Vec[] sums = registers.take(ROWS * tokens);
    for (Vec sum : sums) {
      a.vpxor(sum, sum, sum);
    }
    a.mov(RAX, RDI);
    a.mov(R10, R12);
    a.mov(RBP, R8);
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
    store(sums);
    registers.release(kept);
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
    Vec[] w = registers.take(ROWS);
    Vec x = registers.take();
    Vec product = registers.take();
    for (int k = 0; k < LaneCodes.REGISTERS; k++) {
      int at = PanelLanes.codes(BITS, part, k);
      for (int row = 0; row < ROWS; row++) {
        a.vmovdqu(w[row], weights(row, at));
      }
      for (int t = 0; t < tokens; t++) {
        a.vmovdqu(x, x(t, at));
        for (int row = 0; row < ROWS; row++) {
          Vec sum = dots[ROWS * t + row];
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
      for (int row = 0; row < ROWS; row++) {
        Vec sum = dots[ROWS * t + row];
        a.vcvtdq2ps(sum, sum);
        if (panel.centre() != 0) {
          a.vfmadd231ps(sum, x, centre);
        }
        a.vmulps(sum, sum, scales[row]);
        if (panel.hasMinima()) {
          a.vfnmadd231ps(sum, minima[row], x);
        }
        a.vfmadd231ps(sums[ROWS * t + row], sum, scale);
      }
    }
  }

  private Vec[] factors(int offset) {
    Vec[] factors = registers.take(ROWS);
    for (int row = 0; row < ROWS; row++) {
      a.vmovups(factors[row], weights(row, offset));
    }
    return factors;
  }

  private void store(Vec[] sums) {
    Vec high = registers.take();
    a.mov(R14, R13);
    for (int t = 0; t < tokens; t++) {
      for (int row = 0; row < ROWS; row++) {
        Vec sum = sums[ROWS * t + row];
        LaneSums.write(a, sum, high);
        a.vmovss(Address.at(R14, Float.BYTES * row), sum.x());
      }
      a.add(R14, RBX);
    }
  }
}
