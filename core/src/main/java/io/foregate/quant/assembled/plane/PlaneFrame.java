package io.foregate.quant.assembled.plane;

import static io.foregate.assembly.Gpr.R10;
import static io.foregate.assembly.Gpr.R11;
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
import io.foregate.assembly.Gpr;
import io.foregate.assembly.Label;
import io.foregate.quant.assembled.function.Constants;
import io.foregate.quant.assembled.function.RegisterPool;
import io.foregate.quant.assembled.function.StackFrame;
import io.foregate.quant.format.BitPlane;
import io.foregate.quant.format.PlaneShape;
import java.util.ArrayList;
import java.util.List;

/**
 * The loop of a function that makes ggml's blocks out of planes, with AVX2. It is called as System
 * V has it:
 *
 * <pre>
 *   void read(planes, lowAt, highAt, scaleAt, factorAt, blocks, count)
 *             RDI     RSI    RDX     RCX      R8        R9      stack
 * </pre>
 *
 * <p>The planes' parts of the first block begin at {@code planes + lowAt} and so on; the blocks go
 * to {@code blocks}. Nothing beyond what they take is read or written. The count is at least one.
 */
final class PlaneFrame {
  /** For a number on its way. */
  static final Gpr NUMBER = R10;

  /** For another. */
  static final Gpr OTHER = R11;

  /** The assembler that everything is written with. */
  final Assembler a = new Assembler();

  /** Registers of 256 bits. */
  final RegisterPool registers = new RegisterPool(16, 0, 256);

  /** What instructions may read, behind the code. */
  final Constants constants = new Constants(256);

  private final PlaneShape shape;
  private final int blockBytes;
  private final PlaneZips low;

  /** One or none. */
  private final List<PlaneZips> high = new ArrayList<>();

  private final PlaneFactors factors;

  private PlaneFrame(PlaneShape shape) {
    this.shape = shape;
    this.blockBytes = shape.format().type().blockBytes();
    List<BitPlane> planes = shape.format().elementCodes().orElseThrow().planes();
    this.low = new PlaneZips(planes.getFirst(), shape.format().type().blockSize());
    if (planes.size() > 1) {
      high.add(new PlaneZips(planes.get(1), shape.format().type().blockSize()));
    }
    this.factors = new PlaneFactors(shape);
  }

  /** Writes a function. */
  static byte[] write(PlaneShape shape) {
    var frame = new PlaneFrame(shape);
    frame.write();
    return frame.a.finish();
  }

  /** A block's part of the low plane. */
  Address low(int offset) {
    return Address.at(RDI, offset);
  }

  /** A block's part of the high plane. */
  Address high(int offset) {
    return Address.at(RDX, offset);
  }

  /** A block's part of the plane of scales. */
  Address scales(int offset) {
    return Address.at(RCX, offset);
  }

  /** A block's factors, where they have a plane. */
  Address factor(int block) {
    return Address.at(R8, block * shape.factorBytes());
  }

  /** Where a block goes to. */
  Address out(int block, int offset) {
    return Address.at(R9, block * blockBytes + offset);
  }

  private void write() {
    StackFrame.NONE.enter(a);
    a.mov(RAX, StackFrame.NONE.argument(0));
    a.mov(R10, RDI);
    a.add(RDI, RSI);
    a.add(RDX, R10);
    a.add(RCX, R10);
    a.add(R8, R10);
    low.constants(this);
    high.forEach(plane -> plane.constants(this));
    int atOnce = low.blocksAtOnce();
    for (int blocks = atOnce; blocks >= 1; blocks /= 2) {
      loop(blocks);
    }
    StackFrame.NONE.leave(a);
    constants.write(a);
  }

  /** Makes so many blocks at a time, as long as there are as many. */
  private void loop(int blocks) {
    Label done = new Label();
    a.sub(RAX, blocks);
    a.jcc(Condition.LESS, done);
    Label next = a.here();
    int kept = registers.taken();
    factors.write(this, blocks);
    registers.release(kept);
    low.write(this, this::low, blocks);
    high.forEach(plane -> plane.write(this, this::high, blocks));
    registers.release(kept);
    a.add(RDI, blocks * shape.lowBytes());
    a.add(RDX, blocks * shape.highBytes());
    a.add(RCX, blocks * shape.scalePlaneBytes());
    a.add(R8, blocks * shape.factorBytes());
    a.add(R9, blocks * blockBytes);
    a.sub(RAX, blocks);
    a.jcc(Condition.GREATER_OR_EQUAL, next);
    a.bind(done);
    a.add(RAX, blocks);
  }
}
