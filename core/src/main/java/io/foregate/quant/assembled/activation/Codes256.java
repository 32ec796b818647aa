package io.foregate.quant.assembled.activation;

import static io.foregate.assembly.Gpr.R10;
import static io.foregate.assembly.Gpr.R11;
import static io.foregate.assembly.Gpr.RAX;
import static io.foregate.assembly.Gpr.RCX;
import static io.foregate.assembly.Gpr.RDI;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Condition;
import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;
import io.foregate.quant.format.Rounding;

/**
 * Activations of Q8_K, in {@link ActivationLayout#BLOCKS_OF_256}: the element of largest magnitude,
 * the first one if several tie, becomes -127. A block that has a NaN or an infinity has codes of
 * zero and a NaN as scale.
 */
final class Codes256 implements ActivationCode {
  private static final int ELEMENTS = 256;

  private final Label magnitude = new Label();
  private final Label sign = new Label();
  private final Label infinity = new Label();
  private final Label nan = new Label();
  private final Label one = new Label();
  private final Label least = new Label();
  private final Label greatest = new Label();
  private final Label rounding = new Label();

  @Override
  public int elements() {
    return ELEMENTS;
  }

  @Override
  public int bytes() {
    return ActivationLayout.BLOCKS_OF_256.bytes();
  }

  @Override
  public boolean endsAnywhere() {
    return false;
  }

  @Override
  public void step(ActivationFrame f, boolean single) {
    Assembler a = f.a;
    Vec extreme = f.registers.take();
    Vec finite = f.registers.take();
    Vec scratch = f.registers.take();
    extreme(f, extreme, finite);
    Vec inverse = f.registers.take();
    a.vmovups(inverse, Address.of(least));
    a.vdivps(inverse, inverse, extreme);
    orZero(f, inverse, scratch);
    a.vpand(inverse, inverse, finite);
    Vec scale = extreme;
    a.vmovups(scale, Address.of(one));
    a.vdivps(scale, scale, inverse);
    orZero(f, scale, scratch);
    a.vpandn(scratch, finite, Address.of(nan));
    a.vpor(scale, scale, scratch);
    a.vmovss(f.to(ActivationLayout.SCALE_256), scale.x());
    for (int lane = 0; lane < ELEMENTS / 16; lane += 4) {
      int kept = f.registers.taken();
      sixtyFour(f, lane, inverse, finite);
      f.registers.release(kept);
    }
  }

  /** Infinities, which are quotients by zero or almost, become zero. */
  private void orZero(ActivationFrame f, Vec quotient, Vec scratch) {
    f.a.vpand(scratch, quotient, Address.of(magnitude));
    f.a.vpcmpeqd(scratch, scratch, Address.of(infinity));
    f.a.vpandn(quotient, scratch, quotient);
  }

  /**
   * Finds the element of largest magnitude.
   *
   * @param finite becomes all ones if there is neither NaN nor infinity, or else zero
   */
  private void extreme(ActivationFrame f, Vec extreme, Vec finite) {
    Assembler a = f.a;
    int kept = f.registers.taken();
    Vec positive = f.registers.take();
    Vec negative = f.registers.take();
    Vec scratch = f.registers.take();
    a.vpxor(positive, positive, positive);
    a.vpxor(negative, negative, negative);
    // As integers with a sign, the largest is positive; without one, it is negative.
    for (int i = 0; i < ELEMENTS; i += 8) {
      a.vmovups(scratch, f.from(i));
      a.vpmaxsd(positive, positive, scratch);
      a.vpmaxud(negative, negative, scratch);
    }
    f.spread(positive, scratch, a::vpmaxsd);
    f.spread(negative, scratch, a::vpmaxud);
    // The magnitude of the negative one, if there is one.
    a.vpsrad(scratch, negative, 31);
    a.vpand(negative, negative, Address.of(magnitude));
    a.vpand(negative, negative, scratch);
    a.vpcmpgtd(scratch, negative, positive);
    a.vpand(scratch, scratch, Address.of(sign));
    a.vpmaxsd(extreme, negative, positive);
    a.vmovdqu(finite, Address.of(infinity));
    a.vpcmpgtd(finite, finite, extreme);
    a.vpor(extreme, extreme, scratch);
    first(f, extreme, positive, negative);
    f.registers.release(kept);
  }

  /** Takes the sign of the first, if there are two extremes, of both signs. */
  private void first(ActivationFrame f, Vec extreme, Vec positive, Vec negative) {
    Assembler a = f.a;
    Label decided = new Label();
    a.vmovd(RAX, positive.x());
    a.vmovd(RCX, negative.x());
    a.cmp(RAX, RCX);
    a.jcc(Condition.NOT_EQUAL, decided);
    a.test(RAX, RAX);
    a.jcc(Condition.EQUAL, decided);
    a.mov(R10, RDI);
    Label next = a.here();
    a.movl(R11, Address.at(R10));
    a.add(R10, 4);
    a.and(R11, 0x7FFF_FFFF);
    a.cmp(R11, RAX);
    a.jcc(Condition.NOT_EQUAL, next);
    a.vpbroadcastd(extreme, Address.at(R10, -4));
    a.bind(decided);
  }

  /** Codes of the elements of four lanes, and their sums. */
  private void sixtyFour(ActivationFrame f, int lane, Vec inverse, Vec finite) {
    Assembler a = f.a;
    Vec[] codes = f.registers.take(4);
    Vec[] sums = f.registers.take(4);
    Vec others = f.registers.take();
    for (int i = 0; i < 4; i++) {
      int element = 16 * ActivationLayout.subBlock(lane + i);
      eight(f, codes[i], element, inverse, finite);
      eight(f, others, element + 8, inverse, finite);
      a.vpaddd(sums[i], codes[i], others);
      a.vpackssdw(codes[i], codes[i], others);
    }
    // In each half of a register: of one 16 and the next, the codes 0 to 3 and 8 to 11, or those 4
    // further.
    a.vpacksswb(codes[0], codes[0], codes[1]);
    a.vpacksswb(codes[2], codes[2], codes[3]);
    a.vshufps(codes[1], codes[0], codes[2], 0b10_00_10_00);
    a.vshufps(codes[3], codes[0], codes[2], 0b11_01_11_01);
    int at = 4 * lane;
    a.vmovdqu(f.to(at), codes[1].x());
    a.vextracti128(f.to(at + 64), codes[1], 1);
    a.vmovdqu(f.to(at + 2 * 64), codes[3].x());
    a.vextracti128(f.to(at + 3 * 64), codes[3], 1);
    a.vphaddd(sums[0], sums[0], sums[1]);
    a.vphaddd(sums[2], sums[2], sums[3]);
    a.vphaddd(sums[0], sums[0], sums[2]);
    a.vextracti128(others.x(), sums[0], 1);
    a.vpaddd(sums[0].x(), sums[0].x(), others.x());
    a.vcvtdq2ps(sums[0].x(), sums[0].x());
    a.vmovups(f.to(ActivationLayout.SUMS_16 + 4 * lane), sums[0].x());
  }

  private void eight(ActivationFrame f, Vec codes, int element, Vec inverse, Vec finite) {
    f.a.vmulps(codes, inverse, f.from(element));
    f.a.vaddps(codes, codes, Address.of(rounding));
    f.a.vpsubd(codes, codes, Address.of(rounding));
    f.a.vpminsd(codes, codes, Address.of(greatest));
    f.a.vpand(codes, codes, finite);
  }

  @Override
  public void data(ActivationFrame f) {
    f.data(magnitude, 0x7FFF_FFFF);
    f.data(sign, 0x8000_0000);
    f.data(infinity, 0x7F80_0000);
    f.data(nan, Float.NaN);
    f.data(one, 1f);
    f.data(least, -127f);
    f.data(greatest, 127);
    f.data(rounding, Rounding.NEAREST);
  }
}
