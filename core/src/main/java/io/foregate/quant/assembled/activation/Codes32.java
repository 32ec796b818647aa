package io.foregate.quant.assembled.activation;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;
import io.foregate.quant.format.Rounding;

/**
 * Activations of Q8_0 or Q8_1, in {@link ActivationLayout#BLOCKS_OF_32}. A block that has a NaN or
 * an infinity has codes of zero, and a scale that is not finite.
 */
final class Codes32 implements ActivationCode {
  private static final int NEAREST_EVEN = 0;

  private final boolean hasSums;
  private final Label magnitude = new Label();
  private final Label sign = new Label();
  private final Label infinity = new Label();
  private final Label one = new Label();
  private final Label greatest = new Label();
  private final Label justBelowHalf = new Label();
  private final Label order = new Label();

  /**
   * @param hasSums whether there are sums of values, as Q8_1 has them
   */
  Codes32(boolean hasSums) {
    this.hasSums = hasSums;
  }

  @Override
  public int elements() {
    return 32;
  }

  @Override
  public int bytes() {
    return ActivationLayout.BLOCKS_OF_32.bytes();
  }

  @Override
  public boolean endsAnywhere() {
    return false;
  }

  @Override
  public void step(ActivationFrame f, boolean single) {
    Assembler a = f.a;
    Vec[] x = f.registers.take(4);
    Vec max = f.registers.take();
    Vec scratch = f.registers.take();
    for (int i = 0; i < x.length; i++) {
      a.vmovups(x[i], f.from(8 * i));
    }
    // As integers, magnitudes of floats are ordered, infinities above all numbers and NaNs above
    // infinities.
    a.vpand(max, x[0], Address.of(magnitude));
    for (int i = 1; i < x.length; i++) {
      a.vpand(scratch, x[i], Address.of(magnitude));
      a.vpmaxsd(max, max, scratch);
    }
    f.spread(max, scratch, a::vpmaxsd);
    Vec scale = f.registers.take();
    Vec finite = f.registers.take();
    a.vdivps(scale, max, Address.of(greatest));
    a.vmovdqu(finite, Address.of(infinity));
    a.vpcmpgtd(finite, finite, max);
    codes(f, x, scale, finite, max, scratch);
    Vec sum = finite;
    a.vpaddd(sum, x[0], x[1]);
    a.vpaddd(scratch, x[2], x[3]);
    a.vpaddd(sum, sum, scratch);
    f.spread(sum, scratch, a::vpaddd);
    store(f, x);
    factors(f, scale.x(), sum.x(), scratch.x());
  }

  /** Makes codes of elements. */
  private void codes(ActivationFrame f, Vec[] x, Vec scale, Vec finite, Vec inverse, Vec scratch) {
    Assembler a = f.a;
    a.vmovups(inverse, Address.of(one));
    a.vdivps(inverse, inverse, scale);
    a.vpcmpeqd(scratch, inverse, Address.of(infinity));
    a.vpandn(inverse, scratch, inverse);
    for (Vec each : x) {
      a.vmulps(each, each, inverse);
      a.vpand(scratch, each, Address.of(sign));
      a.vpor(scratch, scratch, Address.of(justBelowHalf));
      a.vaddps(each, each, scratch);
      a.vcvttps2dq(each, each);
      a.vpand(each, each, finite);
    }
  }

  private void store(ActivationFrame f, Vec[] codes) {
    Assembler a = f.a;
    a.vpackssdw(codes[0], codes[0], codes[1]);
    a.vpackssdw(codes[2], codes[2], codes[3]);
    a.vpacksswb(codes[0], codes[0], codes[2]);
    a.vmovdqu(codes[1], Address.of(order));
    a.vpermd(codes[0], codes[1], codes[0]);
    a.vmovdqu(f.to(0), codes[0]);
  }

  private void factors(ActivationFrame f, Vec scale, Vec sum, Vec scratch) {
    Assembler a = f.a;
    if (hasSums) {
      a.vcvtdq2ps(scratch, sum);
      a.vmulps(scratch, scratch, scale);
      round(f, scratch);
    } else {
      a.vpxor(scratch, scratch, scratch);
    }
    a.vmovss(f.to(ActivationLayout.SUM_32), scratch);
    round(f, scale);
    a.vmovss(f.to(ActivationLayout.SCALE_32), scale);
    a.vpslld(sum, sum, 3);
    a.vpxor(scratch, scratch, scratch);
    a.vpsubd(scratch, scratch, sum);
    a.vmovss(f.to(ActivationLayout.MINUS_8_SUMS_32), scratch);
  }

  /** To F16. */
  private static void round(ActivationFrame f, Vec floats) {
    f.a.vcvtps2ph(floats, floats, NEAREST_EVEN);
    f.a.vcvtph2ps(floats, floats);
  }

  @Override
  public void data(ActivationFrame f) {
    f.data(magnitude, 0x7FFF_FFFF);
    f.data(sign, 0x8000_0000);
    f.data(infinity, 0x7F80_0000);
    f.data(one, 1f);
    f.data(greatest, 127f);
    f.data(justBelowHalf, Rounding.JUST_BELOW_HALF);
    f.a.bind(order);
    f.a.ints(0, 4, 1, 5, 2, 6, 3, 7);
  }
}
