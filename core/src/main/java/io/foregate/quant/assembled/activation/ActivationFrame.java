package io.foregate.quant.assembled.activation;

import static io.foregate.assembly.Gpr.R8;
import static io.foregate.assembly.Gpr.R9;
import static io.foregate.assembly.Gpr.RCX;
import static io.foregate.assembly.Gpr.RDI;
import static io.foregate.assembly.Gpr.RDX;
import static io.foregate.assembly.Gpr.RSI;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Condition;
import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.Combination;
import io.foregate.quant.assembled.function.RegisterPool;

/**
 * The loop of a function that stores activations, with AVX2 and F16C. It is called as System V has
 * it:
 *
 * <pre>
 *   void store(from, fromAt, to,  toAt, elements)
 *              RDI   RSI     RDX  RCX   R8
 * </pre>
 *
 * <p>Offsets are in bytes; elements are at least one.
 */
final class ActivationFrame {
  private static final int LANES = 8;

  /** The assembler that everything is written with. */
  final Assembler a = new Assembler();

  /** Registers of eight lanes. */
  final RegisterPool registers = new RegisterPool(16, 0, 32 * LANES);

  private ActivationFrame() {}

  /** Writes a function. */
  static byte[] write(ActivationCode code) {
    var frame = new ActivationFrame();
    frame.function(code);
    return frame.a.finish();
  }

  /** The step's elements from one on. */
  Address from(int element) {
    return Address.at(RDI, 4 * element);
  }

  /** What the step's elements become. */
  Address to(int offset) {
    return Address.at(RDX, offset);
  }

  /** Writes a constant for each lane. */
  void data(Label label, int value) {
    a.bind(label);
    for (int i = 0; i < LANES; i++) {
      a.ints(value);
    }
  }

  /** The same for a float. */
  void data(Label label, float value) {
    data(label, Float.floatToRawIntBits(value));
  }

  /**
   * Writes what takes the larger number in each lane, and lets all lanes be the largest of all.
   *
   * @param max the instruction
   */
  void spread(Vec lanes, Vec scratch, Combination max) {
    a.vpermq(scratch, lanes, 0b01_00_11_10);
    max.write(lanes, lanes, scratch);
    a.vpshufd(scratch, lanes, 0b01_00_11_10);
    max.write(lanes, lanes, scratch);
    a.vpshufd(scratch, lanes, 0b10_11_00_01);
    max.write(lanes, lanes, scratch);
  }

  private void function(ActivationCode code) {
    a.add(RDI, RSI);
    a.add(RDX, RCX);
    a.mov(R9, R8);
    loop(code, false);
    if (code.endsAnywhere()) {
      a.mov(R8, R9);
      a.and(R8, code.elements() - 1);
      loop(code, true);
    }
    a.vzeroupper();
    a.ret();
    a.align(64);
    code.data(this);
  }

  /** Takes R8 elements, if there are as many as a step's. */
  private void loop(ActivationCode code, boolean single) {
    int elements = single ? 1 : code.elements();
    Label done = new Label();
    a.sub(R8, elements);
    a.jcc(Condition.LESS, done);
    Label next = a.here();
    int kept = registers.taken();
    code.step(this, single);
    registers.release(kept);
    a.add(RDI, 4 * elements);
    a.add(RDX, single ? code.bytes() / code.elements() : code.bytes());
    a.sub(R8, elements);
    a.jcc(Condition.GREATER_OR_EQUAL, next);
    a.bind(done);
  }
}
