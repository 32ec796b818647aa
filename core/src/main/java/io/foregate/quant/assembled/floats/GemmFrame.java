package io.foregate.quant.assembled.floats;

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
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.StackFrame;
import io.foregate.quant.assembled.function.Strided;
import java.util.List;

/**
 * One, two or four rows of {@code C (+)= A B}, where B's elements are f16 or floats. Each element
 * of C is one chain of fused multiply-adds along k, as in every other implementation of the
 * product.
 *
 * <pre>
 *   void gemm(b, bAt, bStride, k, n, a, aAt, aStride, c, cAt, cStride, accumulate)
 *             RDI RSI RDX     RCX R8 R9 stack from here on
 * </pre>
 *
 * <p>Offsets and strides are in bytes, {@code n} in elements; {@code accumulate} is 0 for {@code
 * =}.
 */
final class GemmFrame {
  /** Rows of a function at most. */
  static final int MAX_ROWS = 4;

  private static final StackFrame STACK = new StackFrame(0, List.of(RBX, RBP, R12, R13, R14));

  private final Assembler a = new Assembler();
  private final int rows;
  private final boolean f16;
  private final int bits;

  /** Vectors side by side: as many as leave registers for B and one of A. */
  private final int most;

  /**
   * What a step takes of a row of B.
   *
   * @param count how many vectors
   * @param single one element instead
   */
  private record Columns(int count, int bits, boolean single) {
    int elements() {
      return single ? 1 : count * bits / 32;
    }
  }

  private GemmFrame(InstructionSet set, int rows, boolean f16) {
    this.rows = rows;
    this.f16 = f16;
    this.bits = set.bits();
    this.most = set.registers() == 32 || rows < MAX_ROWS ? 4 : 2;
  }

  /** Writes a function for one, two or four rows. */
  static byte[] write(InstructionSet set, int rows, boolean f16) {
    var frame = new GemmFrame(set, rows, f16);
    frame.write();
    return frame.a.finish();
  }

  private void write() {
    STACK.enter(a);
    a.add(RDI, RSI);
    a.add(R9, STACK.argument(0));
    a.mov(R11, STACK.argument(1));
    a.mov(R10, STACK.argument(2));
    a.add(R10, STACK.argument(3));
    a.mov(RBX, STACK.argument(4));
    a.mov(RSI, STACK.argument(5));
    a.lea(R12, Address.at(R11, R11, 2, 0));
    a.lea(R13, Address.at(RBX, RBX, 2, 0));
    columns(new Columns(most, bits, false));
    columns(new Columns(1, bits, false));
    columns(new Columns(1, 128, true)); // in the first lane
    STACK.leave(a);
  }

  /** As many times as they fit. */
  private void columns(Columns of) {
    var none = new Label();
    Label next = a.here();
    a.cmp(R8, of.elements());
    a.jcc(Condition.LESS, none);
    begin(of);
    a.mov(RAX, RDI);
    a.mov(R14, R9);
    a.mov(RBP, RCX);
    Label step = a.here();
    step(of);
    a.add(RAX, RDX);
    a.add(R14, 4);
    a.sub(RBP, 1);
    a.jcc(Condition.NOT_EQUAL, step);
    for (int r = 0; r < rows; r++) {
      for (int v = 0; v < of.count; v++) {
        if (of.single) {
          a.vmovss(c(r, v), sum(r, v, of));
        } else {
          a.vmovups(c(r, v), sum(r, v, of));
        }
      }
    }
    a.add(RDI, of.elements() * (f16 ? 2 : 4));
    a.add(R10, of.elements() * 4);
    a.sub(R8, of.elements());
    a.jmp(next);
    a.bind(none);
  }

  private void begin(Columns of) {
    var zero = new Label();
    var done = new Label();
    a.test(RSI, RSI);
    a.jcc(Condition.EQUAL, zero);
    for (int r = 0; r < rows; r++) {
      for (int v = 0; v < of.count; v++) {
        if (of.single) {
          a.vmovss(sum(r, v, of), c(r, v));
        } else {
          a.vmovups(sum(r, v, of), c(r, v));
        }
      }
    }
    a.jmp(done);
    a.bind(zero);
    for (int i = 0; i < rows * of.count; i++) {
      Vec sum = new Vec(i, of.bits);
      a.vpxor(sum, sum, sum);
    }
    a.bind(done);
  }

  /** A row of B with an element of each row of A. */
  private void step(Columns of) {
    for (int v = 0; v < of.count; v++) {
      load(b(v, of), Address.at(RAX, v * bits / (f16 ? 16 : 8)), of.single);
    }
    Vec element = b(of.count, of);
    for (int r = 0; r < rows; r++) {
      a.vbroadcastss(element, Strided.address(r, R14, R11, R12, 0));
      for (int v = 0; v < of.count; v++) {
        a.vfmadd231ps(sum(r, v, of), element, b(v, of));
      }
    }
  }

  private void load(Vec to, Address from, boolean single) {
    if (single && f16) {
      a.vpxor(to, to, to);
      a.vpinsrw(to, to, from, 0);
      a.vcvtph2ps(to, to);
    } else if (single) {
      a.vmovss(to, from);
    } else if (f16) {
      a.vcvtph2ps(to, from);
    } else {
      a.vmovups(to, from);
    }
  }

  private Vec sum(int row, int column, Columns of) {
    return new Vec(row * of.count + column, of.bits);
  }

  private Vec b(int column, Columns of) {
    return new Vec(rows * of.count + column, of.bits);
  }

  private Address c(int row, int column) {
    return Strided.address(row, R10, RBX, R13, column * bits / 8);
  }
}
