package io.foregate.quant.assembled.floats;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;
import io.foregate.gguf.GgmlType;

/**
 * Products of F32, F16 or BF16 with floats. A vector's lanes are elements of a row, every 8th or
 * 16th in the same; what is left at a row's end goes to the first lane. A token's sums follow each
 * other, one for each row of a group.
 */
final class FloatRows {
  private final GgmlType type;

  FloatRows(GgmlType type) {
    this.type = type;
  }

  /** Bytes of a weight. */
  int weightBytes() {
    return type == GgmlType.F32 ? 4 : 2;
  }

  /**
   * Adds a step's products.
   *
   * @param single just one element's
   */
  void add(FloatFrame f, Vec[] sums, boolean single) {
    Vec[] weights = f.registers.take(f.rows());
    for (int row = 0; row < f.rows(); row++) {
      if (single) {
        loadOne(f, weights[row], row);
      } else {
        load(f, weights[row], row);
      }
    }
    Vec x = f.registers.take();
    for (int t = 0; t < f.tokens; t++) {
      if (single) {
        f.a.vmovss(x.x(), f.x(t));
      } else {
        f.a.vmovups(x, f.x(t));
      }
      for (int row = 0; row < f.rows(); row++) {
        f.a.vfmadd231ps(sums[t * f.rows() + row], weights[row], x);
      }
    }
  }

  private void load(FloatFrame f, Vec to, int row) {
    switch (type) {
      case F32 -> f.a.vmovups(to, f.weights(row));
      case F16 -> f.a.vcvtph2ps(to, f.weights(row));
      default -> {
        f.a.vpmovzxwd(to, f.weights(row));
        f.a.vpslld(to, to, 16);
      }
    }
  }

  /** One weight in the first lane, and zeros. */
  private void loadOne(FloatFrame f, Vec to, int row) {
    if (type == GgmlType.F32) {
      f.a.vmovss(to.x(), f.weights(row));
      return;
    }
    f.a.vpxor(to, to, to);
    f.a.vpinsrw(to.x(), to.x(), f.weights(row), type == GgmlType.F16 ? 0 : 1);
    if (type == GgmlType.F16) {
      f.a.vcvtph2ps(to.x(), to.x());
    }
  }

  /**
   * Sums up the lanes, in one order whatever the number of rows: the token's first sum becomes its
   * products with all rows.
   */
  void reduce(FloatFrame f, Vec[] sums, int token) {
    Assembler a = f.a;
    Vec high = f.registers.take();
    int first = token * f.rows();
    for (int i = first; i < first + f.rows(); i++) {
      Vec sum = sums[i];
      if (f.set.bits() == 512) {
        a.vextracti64x4(high.y(), sum, 1);
        a.vaddps(sum.y(), sum.y(), high.y());
      }
      a.vextracti128(high.x(), sum.y(), 1);
      a.vaddps(sum.x(), sum.x(), high.x());
    }
    for (int distance = 1; distance < 4; distance *= 2) {
      for (int i = 0; i < f.rows(); i += 2 * distance) {
        Vec even = sums[first + i].x();
        Vec odd = i + distance < f.rows() ? sums[first + i + distance].x() : even;
        a.vhaddps(even, even, odd);
      }
    }
    f.registers.release(f.registers.taken() - 1);
  }
}
