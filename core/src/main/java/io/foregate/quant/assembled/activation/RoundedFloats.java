package io.foregate.quant.assembled.activation;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;
import io.foregate.gguf.GgmlType;

/** Floats rounded to F16 or BF16: to nearest, ties to even; a NaN stays one. */
final class RoundedFloats implements ActivationCode {
  private static final int NEAREST_EVEN = 0;

  private final GgmlType type;
  private final Label one = new Label();
  private final Label half = new Label();
  private final Label upper = new Label();
  private final Label magnitude = new Label();
  private final Label infinity = new Label();
  private final Label quiet = new Label();

  RoundedFloats(GgmlType type) {
    this.type = type;
  }

  @Override
  public int elements() {
    return 8;
  }

  @Override
  public int bytes() {
    return 32;
  }

  @Override
  public boolean endsAnywhere() {
    return true;
  }

  @Override
  public void step(ActivationFrame f, boolean single) {
    Assembler a = f.a;
    Vec x = f.registers.take();
    if (single) {
      a.vmovss(x.x(), f.from(0));
    } else {
      a.vmovups(x, f.from(0));
    }
    if (type == GgmlType.F16) {
      a.vcvtps2ph(x.x(), x, NEAREST_EVEN);
      a.vcvtph2ps(x, x.x());
    } else {
      upperHalf(f, x);
    }
    if (single) {
      a.vmovss(f.to(0), x.x());
    } else {
      a.vmovups(f.to(0), x);
    }
  }

  /** Rounds to BF16. */
  private void upperHalf(ActivationFrame f, Vec x) {
    Assembler a = f.a;
    Vec rounded = f.registers.take();
    Vec isNan = f.registers.take();
    a.vpsrld(rounded, x, 16);
    a.vpand(rounded, rounded, Address.of(one));
    a.vpaddd(rounded, rounded, Address.of(half));
    a.vpaddd(rounded, rounded, x);
    a.vpand(isNan, x, Address.of(magnitude));
    a.vpcmpgtd(isNan, isNan, Address.of(infinity));
    a.vpor(x, x, Address.of(quiet));
    a.vpand(x, x, isNan);
    a.vpandn(rounded, isNan, rounded);
    a.vpor(x, x, rounded);
    a.vpand(x, x, Address.of(upper));
  }

  @Override
  public void data(ActivationFrame f) {
    f.data(one, 1);
    f.data(half, 0x7FFF);
    f.data(upper, 0xFFFF_0000);
    f.data(magnitude, 0x7FFF_FFFF);
    f.data(infinity, 0x7F80_0000);
    f.data(quiet, 0x0040_0000);
  }
}
