package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;

/** Sums of a register's lanes of floats, in one order for all products. */
final class LaneSums {
  private LaneSums() {}

  /**
   * Lets the first lane be the sum of all.
   *
   * @param high overwritten
   */
  static void write(Assembler a, Vec sum, Vec high) {
    if (sum.bits() == 512) {
      a.vextracti64x4(high.y(), sum, 1);
      a.vaddps(sum.y(), sum.y(), high.y());
    }
    a.vextracti128(high.x(), sum.y(), 1);
    a.vaddps(sum.x(), sum.x(), high.x());
    a.vmovhlps(high.x(), sum.x(), sum.x());
    a.vaddps(sum.x(), sum.x(), high.x());
    a.vmovshdup(high.x(), sum.x());
    a.vaddss(sum.x(), sum.x(), high.x());
  }
}
