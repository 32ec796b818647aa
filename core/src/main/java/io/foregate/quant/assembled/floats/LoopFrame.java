package io.foregate.quant.assembled.floats;

import static io.foregate.assembly.Gpr.R10;
import static io.foregate.assembly.Gpr.R8;
import static io.foregate.assembly.Gpr.R9;
import static io.foregate.assembly.Gpr.RAX;
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
import io.foregate.quant.assembled.function.Combination;
import io.foregate.quant.assembled.function.Constants;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.RegisterPool;
import io.foregate.quant.assembled.function.StackFrame;

/**
 * Loops over arrays of floats: whole vectors first, then what is left, one by one, so that nothing
 * beyond an array is read or written. Each is called as System V has it:
 *
 * <pre>
 *   void each(x,  xAt, y,  yAt, out, outAt, n, factor)
 *   float dot(x,  xAt, y,  yAt, n)
 *             RDI RSI  RDX RCX  R8   R9     stack, XMM0
 * </pre>
 *
 * <p>Offsets are in bytes. {@code x}, {@code y} and {@code out} may be the same. An element's
 * result is the same in a vector and alone; the order of sums depends on {@code n} alone.
 */
final class LoopFrame {
  private static final int HALF_LANES = 0b1110;

  /** The assembler that everything is written with. */
  final Assembler a = new Assembler();

  private final InstructionSet set;
  private final Constants constants;
  private final int lanes;

  /** Of the step that is being written. */
  private RegisterPool registers;

  private int bits;
  private boolean single;

  private LoopFrame(InstructionSet set) {
    this.set = set;
    this.constants = new Constants(set.bits());
    this.lanes = set.bits() / 32;
    whole(1);
  }

  /** Writes a function that makes each element of {@code out}. */
  static byte[] each(InstructionSet set, ElementLoop loop) {
    var f = new LoopFrame(set);
    f.enter();
    f.a.vbroadcastss(f.factor(), f.factor().x());
    f.loop(1, 1, () -> loop.step(f));
    f.one(1);
    f.loop(1, 1, () -> loop.step(f));
    return f.finish();
  }

  /** Writes a function that gives the sum of products, in four sums of vectors while they last. */
  static byte[] dot(InstructionSet set) {
    var f = new LoopFrame(set);
    Assembler a = f.a;
    StackFrame.NONE.enter(a);
    a.add(RDI, RSI);
    a.add(RDX, RCX);
    a.mov(RCX, R8);
    a.xor(RAX, RAX);
    f.whole(0); // there is no factor, and the first register is the result
    Vec[] sums = f.registers.take(4);
    for (Vec sum : sums) {
      a.vpxor(sum, sum, sum);
    }
    Vec x = f.registers.take();
    int kept = f.registers.taken();
    f.loop(
        sums.length,
        kept,
        () -> {
          for (int i = 0; i < sums.length; i++) {
            a.vmovups(x, f.x().plus(i * f.bits / 8));
            a.vfmadd231ps(sums[i], x, f.y().plus(i * f.bits / 8));
          }
        });
    f.loop(
        1,
        kept,
        () -> {
          a.vmovups(x, f.x());
          a.vfmadd231ps(sums[0], x, f.y());
        });
    a.vaddps(sums[0], sums[0], sums[1]);
    a.vaddps(sums[2], sums[2], sums[3]);
    a.vaddps(sums[0], sums[0], sums[2]);
    f.reduce(sums[0], x, a::vaddps);
    f.one(kept);
    f.loop(
        1,
        kept,
        () -> {
          a.vmovss(x.x(), f.x());
          a.vfmadd231ss(sums[0].x(), x.x(), f.y());
        });
    return f.finish();
  }

  /** Writes a function, called as {@code each}, that makes {@code out} the softmax of x. */
  static byte[] softmax(InstructionSet set) {
    var f = new LoopFrame(set);
    Assembler a = f.a;
    f.enter();
    a.mov(R10, RCX);
    Vec result = f.factor();
    a.vmovups(result, f.floats(Double.NEGATIVE_INFINITY));
    Vec scratch = f.registers.take();
    int kept = f.registers.taken();
    // A NaN may get lost here: it comes back with the sum, which every element is divided by.
    f.loop(1, kept, () -> a.vmaxps(result, result, f.x()));
    f.reduce(result, scratch, a::vmaxps);
    f.one(kept);
    f.loop(1, kept, () -> a.vmaxps(f.factor(), f.factor(), f.loadX()));
    a.vbroadcastss(result, result.x());

    Vec sum = scratch;
    a.vpxor(sum, sum, sum);
    f.again(kept);
    f.loop(1, kept, () -> a.vaddps(sum, sum, f.storedPower()));
    f.reduce(sum, f.registers.take(), a::vaddps);
    f.one(kept);
    f.loop(1, kept, () -> a.vaddss(sum.x(), sum.x(), f.storedPower()));

    a.vmovups(result.x(), f.floats(1));
    a.vdivss(result.x(), result.x(), sum.x());
    a.vbroadcastss(result, result.x());
    a.mov(RDI, R8);
    f.again(kept);
    f.loop(1, kept, () -> ElementLoop.SCALE.step(f));
    f.one(kept);
    f.loop(1, kept, () -> ElementLoop.SCALE.step(f));
    return f.finish();
  }

  /** What {@code e^(x - factor)} is, after it was stored. */
  private Vec storedPower() {
    Vec x = loadX();
    a.vsubps(x, x, factor());
    Vec power = exponential(x);
    store(power);
    return power;
  }

  /** Registers that a step may take. */
  RegisterPool registers() {
    return registers;
  }

  /** The factor, in every lane. */
  Vec factor() {
    return new Vec(0, bits);
  }

  /** A constant in every lane. */
  Operand floats(double value) {
    return constants.floats(_ -> value);
  }

  /** A pattern of bits in every lane. */
  Operand pattern(int value) {
    return constants.lanes(_ -> value);
  }

  /** The step's elements of x in a register that is taken; a single one, and zeros. */
  Vec loadX() {
    return load(x());
  }

  /** The same of y. */
  Vec loadY() {
    return load(y());
  }

  private Vec load(Address from) {
    Vec to = registers.take();
    if (single) {
      a.vmovss(to, from);
    } else {
      a.vmovups(to, from);
    }
    return to;
  }

  /** Writes the step's elements of {@code out}. */
  void store(Vec from) {
    Address to = Address.at(R8, RAX, 1, 0);
    if (single) {
      a.vmovss(to, from);
    } else {
      a.vmovups(to, from);
    }
  }

  /** Writes what makes {@code e^x} in a register that is taken; x is lost. */
  Vec exponential(Vec x) {
    return ExponentialCode.write(this, x);
  }

  private Address x() {
    return Address.at(RDI, RAX, 1, 0);
  }

  private Address y() {
    return Address.at(RDX, RAX, 1, 0);
  }

  private void enter() {
    StackFrame.NONE.enter(a);
    a.add(RDI, RSI);
    a.add(RDX, RCX);
    a.add(R8, R9);
    a.mov(RCX, StackFrame.NONE.argument(0));
    a.xor(RAX, RAX);
  }

  /** Begins at the first of the R10 elements again. */
  private void again(int taken) {
    a.mov(RCX, R10);
    a.xor(RAX, RAX);
    whole(taken);
  }

  /** Lets steps be of vectors. */
  private void whole(int taken) {
    registers = new RegisterPool(set.registers(), taken, set.bits());
    bits = set.bits();
    single = false;
  }

  /** Lets steps be of one element, in registers of 128 bits. */
  private void one(int taken) {
    registers = new RegisterPool(set.registers(), taken, 128);
    bits = 128;
    single = true;
  }

  /**
   * Repeats a step as often as there are RCX elements for it; RAX is where they begin.
   *
   * @param vectors of a step, if it is of vectors
   * @param kept registers that are somebody's
   */
  private void loop(int vectors, int kept, Runnable step) {
    int elements = single ? 1 : vectors * lanes;
    Label done = new Label();
    a.sub(RCX, elements);
    a.jcc(Condition.LESS, done);
    Label next = a.here();
    step.run();
    registers.release(kept);
    a.add(RAX, 4 * elements);
    a.sub(RCX, elements);
    a.jcc(Condition.GREATER_OR_EQUAL, next);
    a.bind(done);
    a.add(RCX, elements);
  }

  /** Brings all lanes together in the first one. */
  private void reduce(Vec lanes, Vec scratch, Combination both) {
    if (set.bits() == 512) {
      a.vextracti64x4(scratch.y(), lanes, 1);
      both.write(lanes.y(), lanes.y(), scratch.y());
    }
    a.vextracti128(scratch.x(), lanes.y(), 1);
    both.write(lanes.x(), lanes.x(), scratch.x());
    a.vpshufd(scratch.x(), lanes.x(), HALF_LANES);
    both.write(lanes.x(), lanes.x(), scratch.x());
    a.vmovshdup(scratch.x(), lanes.x());
    both.write(lanes.x(), lanes.x(), scratch.x());
  }

  private byte[] finish() {
    StackFrame.NONE.leave(a);
    constants.write(a);
    return a.finish();
  }
}
