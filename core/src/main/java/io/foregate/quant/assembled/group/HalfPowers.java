package io.foregate.quant.assembled.group;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;

/** MXFP4's scales, halves of powers of two: a block's first byte is the power's exponent. */
final class HalfPowers implements RowFactors {
  private final Label least = new Label();
  private final Label ones = new Label();
  private final Label exponents = new Label();

  /** As {@link io.foregate.quant.format.BlockFactor#halfPower}, with its two cases at once. */
  @Override
  public Vec read(GroupFrame f) {
    Assembler a = f.a;
    Vec powers = RowLoads.bytes(f, 0);
    int kept = f.registers.taken();
    Vec small = f.registers.take();
    Vec shift = f.registers.take();
    a.vpminsd(shift, powers, Address.of(ones));
    a.vmovdqu(small, Address.of(least));
    a.vpsllvd(small, small, shift);
    a.vpslld(powers, powers, 23);
    a.vpsubd(powers, powers, Address.of(exponents));
    // That is at most 0 where the power is a small one, and at least twice the larger small one
    // elsewhere.
    a.vpmaxsd(powers, powers, small);
    f.registers.release(kept);
    return powers;
  }

  @Override
  public void data(GroupFrame f) {
    f.data(least, 0, 0, 0x20, 0);
    f.data(ones, 1, 0, 0, 0);
    f.data(exponents, 0, 0, 0x80, 0);
  }
}
