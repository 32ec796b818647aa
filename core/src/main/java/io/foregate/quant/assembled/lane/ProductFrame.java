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
import io.foregate.assembly.Gpr;
import io.foregate.assembly.Label;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.function.Constants;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.ProductCall;
import io.foregate.quant.assembled.function.StackFrame;
import io.foregate.quant.assembled.function.Strided;
import io.foregate.quant.format.PlaneShape;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * The loops of a product of rows with one to eight tokens, and the registers that its blocks share.
 * It is called as {@link ProductCall} has it.
 *
 * <p>A function for planes has the offset of the first row's scales instead of {@code rowBytes},
 * and behind all others that of its factors: what rows have of a plane follows each other there.
 */
final class ProductFrame {
  /** A count of {@link #shiftRight} for lanes whose bits are not needed. */
  static final int ANY = Integer.MIN_VALUE;

  /** What {@code vpternlogd} makes of A, B and C: A | (B &amp; C). */
  private static final int OR_AND = 0xF8;

  private static final int LINE = 64;

  /** Bytes to the weights that are prefetched: rows follow each other. Processors stop at pages. */
  private static final int AHEAD = 2048;

  private static final StackFrame STACK = StackFrame.savingAll(8);
  private static final Address BLOCKS = StackFrame.local(0);

  /** The number of a further argument of a function for planes. */
  private static final int FACTORS_AT = ProductCall.Y_STRIDE + 1;

  /** Points at what codes stand for, where the block's code has a table of it. */
  static final Gpr TABLE = R8;

  /** In a function for planes, which needs no table: the block's scales and factors. */
  private static final Gpr SCALES = R15;

  private static final Gpr FACTORS = R8;

  /** The assembler that everything is written with. */
  final Assembler a = new Assembler();

  final InstructionSet set;
  final int tokens;

  /** Bits of the registers that {@link #take} gives. */
  final int bits;

  /** Bytes of a block of weights. */
  final int weightBytes;

  /** Whether weights come from afar, which a panel does not. */
  private final boolean fromMemory;

  /** What instructions may read, behind the code. */
  final Constants constants;

  /** Of a function for planes. */
  private final Optional<PlaneShape> planes;

  private int taken;
  private int mostTaken;

  private ProductFrame(
      InstructionSet set, SuperBlockCode block, Optional<PlaneShape> planes, int tokens) {
    this.planes = planes;
    this.set = set;
    this.tokens = tokens;
    this.bits = set.bits();
    this.weightBytes = block.weightBytes();
    this.fromMemory = !block.isUnpacked();
    this.constants = new Constants(bits);
    this.taken = tokens;
    this.mostTaken = tokens;
  }

  /**
   * Writes a function that unpacks rows into a panel, which is where {@code x} and {@code xAt} say;
   * rows follow each other there.
   */
  static byte[] writeUnpacking(InstructionSet set, SuperBlockCode block) {
    return write(set, block, 0);
  }

  /**
   * Writes a function.
   *
   * @param tokens 1 to {@link ProductCall#MAX_TOKENS}
   */
  static byte[] write(InstructionSet set, SuperBlockCode block, int tokens) {
    return write(set, block, Optional.empty(), tokens);
  }

  /**
   * Writes a function for planes.
   *
   * @param tokens 1 to {@link ProductCall#MAX_TOKENS}
   */
  static byte[] writePlanes(InstructionSet set, PlaneShape shape, int tokens) {
    return write(set, SuperBlockCode.ofPlanes(shape), Optional.of(shape), tokens);
  }

  private static byte[] write(
      InstructionSet set, SuperBlockCode block, Optional<PlaneShape> planes, int tokens) {
    // Written twice: only then is it known which registers are left for constants.
    var draft = new ProductFrame(set, block, planes, tokens);
    draft.write(block);
    var frame = new ProductFrame(set, block, planes, tokens);
    frame.constants.keep(draft.constants, draft.mostTaken, set.registers());
    frame.write(block);
    return frame.a.finish();
  }

  /** The lanes of float sums of a token. */
  Vec sum(int token) {
    return new Vec(token, bits);
  }

  /** A register that nobody else has. */
  Vec take() {
    if (taken == set.registers()) {
      throw new IllegalStateException("no register is left");
    }
    mostTaken = Math.max(mostTaken, taken + 1);
    return new Vec(taken++, bits);
  }

  /** As many registers that nobody else has. */
  Vec[] take(int count) {
    var registers = new Vec[count];
    Arrays.setAll(registers, _ -> take());
    return registers;
  }

  /** Lanes of 32 bits in a register. */
  int lanes() {
    return bits / 32;
  }

  /** How many registers are taken: for {@link #release}. */
  int taken() {
    return taken;
  }

  /** Gives back all registers but the first {@code taken}. */
  void release(int taken) {
    this.taken = taken;
  }

  /** The offset nearest to {@code offset} from which as many bytes are all of the block. */
  int within(int offset, int bytes) {
    return Math.min(offset, weightBytes - bytes);
  }

  /** The block's weights. */
  Address weights(int offset) {
    int scales = planes.map(PlaneShape::lowBytes).orElse(weightBytes);
    int factors = planes.map(shape -> scales + shape.scalePlaneBytes()).orElse(weightBytes);
    if (offset < scales) {
      return Address.at(RAX, offset);
    }
    return offset < factors
        ? Address.at(SCALES, offset - scales)
        : Address.at(FACTORS, offset - factors);
  }

  /** The block's activations of a token. */
  Address x(int token, int offset) {
    return Strided.address(token % 4, token < 4 ? R10 : R13, R11, R12, offset);
  }

  /**
   * Shifts lanes of 32 bits, by counts that depend on the lane and may be negative. Bits that go
   * over a lane's end are lost, or come back at the other.
   *
   * @param counts smaller than 32; {@link #ANY} where it does not matter
   * @return what has the result: {@code to}, or {@code from} where there is nothing to shift
   */
  Vec shiftRight(Vec to, Vec from, IntUnaryOperator counts) {
    var known = IntStream.range(0, lanes()).map(counts).filter(n -> n != ANY).summaryStatistics();
    int min = known.getMin();
    int max = known.getMax();
    IntUnaryOperator each = lane -> counts.applyAsInt(lane) == ANY ? min : counts.applyAsInt(lane);
    if (min == 0 && max == 0) {
      return from;
    } else if (min == max && min > 0) {
      a.vpsrld(to, from, min);
    } else if (min == max) {
      a.vpslld(to, from, -min);
    } else if (min >= 0) {
      a.vpsrlvd(to, from, constants.lanes(each));
    } else if (max <= 0) {
      a.vpsllvd(to, from, constants.lanes(lane -> -each.applyAsInt(lane)));
    } else if (bits == 512) {
      a.vprolvd(to, from, constants.lanes(lane -> -each.applyAsInt(lane) & 31));
    } else {
      a.vpsrlvd(to, from, constants.lanes(lane -> each.applyAsInt(lane) - min));
      a.vpslld(to, to, -min);
    }
    return to;
  }

  /** An operand as a register: itself, or {@code other} with its value. */
  Vec inRegister(Operand operand, Vec other) {
    return switch (operand) {
      case Vec register -> register;
      case Address memory -> {
        a.vmovdqu(other, memory);
        yield other;
      }
    };
  }

  /** Adds the masked bits of another register. */
  void orMasked(Vec to, Vec bits, Operand mask) {
    if (this.bits == 512) {
      a.vpternlogd(to, bits, mask, OR_AND);
    } else {
      a.vpand(bits, bits, mask);
      a.vpor(to, to, bits);
    }
  }

  private void write(SuperBlockCode block) {
    STACK.enter(a);
    a.mov(BLOCKS, R8);
    if (block.table().length > 0) {
      a.lea(TABLE, constants.table(block.table()));
    }
    if (planes.isPresent()) {
      a.lea(SCALES, Address.at(RDI, RDX, 1, 0));
      a.mov(FACTORS, RDI);
      a.add(FACTORS, STACK.argument(FACTORS_AT));
      a.lea(RAX, Address.at(RDI, RSI, 1, 0));
    }
    a.add(RDI, RSI);
    a.add(R9, STACK.argument(ProductCall.X_AT));
    a.mov(RSI, STACK.argument(ProductCall.Y));
    a.mov(R11, STACK.argument(ProductCall.X_STRIDE));
    a.mov(RBX, STACK.argument(ProductCall.Y_STRIDE));
    a.lea(R12, Address.at(R11, R11, 2, 0));
    constants.load(a);
    a.mov(R10, R9);
    Label row = a.here();
    row(block);
    a.add(RSI, 4);
    a.add(RDI, RDX);
    a.sub(RCX, 1);
    a.jcc(Condition.NOT_EQUAL, row);
    STACK.leave(a);
    constants.write(a);
  }

  private void row(SuperBlockCode block) {
    for (int t = 0; t < tokens; t++) {
      a.vpxor(sum(t), sum(t), sum(t));
    }
    if (planes.isEmpty()) {
      a.mov(RAX, RDI);
    }
    if (tokens == 0) {
      blocks(block.panel().bytes(), () -> block.unpack(this));
      return;
    }
    a.mov(R10, R9);
    if (tokens > 4) {
      a.lea(R13, Address.at(R9, R11, 4, 0));
    }
    blocks(block.activationBytes(), () -> block.block(this));
    store();
  }

  /**
   * Writes the loop over a row's blocks.
   *
   * @param step bytes from a block's activations to the next's
   */
  private void blocks(int step, Runnable block) {
    a.mov(RBP, BLOCKS);
    Label next = a.here();
    int bytes = planes.map(PlaneShape::lowBytes).orElse(weightBytes);
    for (int at = 0; at < bytes && fromMemory; at += LINE) {
      a.prefetcht0(Address.at(RAX, AHEAD + at));
    }
    int kept = taken;
    block.run();
    release(kept);
    a.add(RAX, bytes);
    planes.ifPresent(
        shape -> {
          a.add(SCALES, shape.scalePlaneBytes());
          a.add(FACTORS, shape.factorBytes());
        });
    a.add(R10, step);
    if (tokens > 4) {
      a.add(R13, step);
    }
    a.sub(RBP, 1);
    a.jcc(Condition.NOT_EQUAL, next);
  }

  /** Sums up the lanes, in one order, and writes the token's result. */
  private void store() {
    Vec high = take();
    a.mov(R14, RSI);
    for (int t = 0; t < tokens; t++) {
      Vec sum = sum(t);
      LaneSums.write(a, sum, high);
      a.vmovss(Address.at(R14), sum.x());
      if (t + 1 < tokens) {
        a.add(R14, RBX);
      }
    }
    release(taken - 1);
  }
}
