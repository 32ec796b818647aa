package io.foregate.quant.assembled.plane;

import static io.foregate.assembly.Gpr.R8;
import static io.foregate.assembly.Gpr.RCX;
import static io.foregate.assembly.Gpr.RDI;
import static io.foregate.assembly.Gpr.RDX;
import static io.foregate.assembly.Gpr.RSI;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Condition;
import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.function.Constants;
import io.foregate.quant.format.PlaneShape;

/**
 * Writes a function that brings activations of 256 to a block into the order that {@link
 * PlaneShape#element} has, with AVX2. It is called as System V has it:
 *
 * <pre>
 *   void order(from, fromAt, to,  toAt, blocks)
 *              RDI   RSI     RDX  RCX   R8
 * </pre>
 */
public final class ActivationOrder {
  private static final int REGISTER = 32;

  /** Bytes with the first four codes of all lanes. */
  private static final int LANES = 64;

  /** How often four codes of a lane make all of its codes. */
  private static final int FOURS = 4;

  /** What a shuffle makes a zero of. */
  private static final int NOTHING = 0x80;

  private ActivationOrder() {}

  public static byte[] write(PlaneShape shape) {
    var a = new Assembler();
    var constants = new Constants(8 * REGISTER);
    a.add(RDI, RSI);
    a.add(RDX, RCX);
    Label next = a.here();
    for (int half = 0; half < LANES; half += REGISTER) {
      for (int k = 0; k < FOURS; k++) {
        four(a, constants, shape, k, half);
      }
    }
    int bytes = ActivationLayout.BLOCKS_OF_256.bytes();
    for (int at = ActivationLayout.SUMS_16; at < bytes; at += REGISTER) {
      a.vmovdqu(Vec.ymm(0), Address.at(RDI, at));
      a.vmovdqu(Address.at(RDX, at), Vec.ymm(0));
    }
    a.add(RDI, bytes);
    a.add(RDX, bytes);
    a.sub(R8, 1);
    a.jcc(Condition.NOT_EQUAL, next);
    a.vzeroupper();
    a.ret();
    constants.write(a);
    return a.finish();
  }

  /** Makes the {@code k}-th four codes of eight lanes, of those that are among them. */
  private static void four(Assembler a, Constants constants, PlaneShape shape, int k, int half) {
    boolean first = true;
    for (int from = 0; from < FOURS; from++) {
      int bytes = 0;
      boolean any = false;
      for (int j = 0; j < 4; j++) {
        int element = shape.element(4 * k + j);
        boolean here = element / 4 == from;
        any |= here;
        bytes |= (here ? element % 4 : NOTHING) << (8 * j);
      }
      if (any) {
        int shuffle = bytes;
        Vec some = Vec.ymm(first ? 0 : 1);
        a.vmovdqu(some, Address.at(RDI, LANES * from + half));
        a.vpshufb(some, some, constants.lanes(lane -> inLane(shuffle, lane % 4)));
        if (!first) {
          a.vpor(Vec.ymm(0), Vec.ymm(0), some);
        }
        first = false;
      }
    }
    a.vmovdqu(Address.at(RDX, LANES * k + half), Vec.ymm(0));
  }

  /** The shuffle of a lane's bytes, among those of four lanes. */
  private static int inLane(int shuffle, int lane) {
    int bytes = 0;
    for (int j = 0; j < 4; j++) {
      int from = (shuffle >> (8 * j)) & 0xFF;
      bytes |= (from == NOTHING ? NOTHING : from + 4 * lane) << (8 * j);
    }
    return bytes;
  }
}
