package io.foregate.quant.assembled.group;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Label;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.function.InstructionSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Products of blocks of 32 weights with Q8_0 or Q8_1. A vector's lanes are rows: in each, the
 * products of a block's codes are summed up as ints, exactly, and then added to the row's float
 * with both scales. So a product is one sum over blocks in their order, however rows and tokens are
 * grouped.
 */
final class Blocks32 {
  /** The largest code whose products with -127 to 127 can be added up, 16 of them, in 16 bits. */
  private static final int TOGETHER = Short.MAX_VALUE / (16 * 127);

  private final int bytes;
  private final RowCodes codes;
  private final RowFactors scales;

  /** One or none. */
  private final List<RowFactors> minima;

  private final Label ones = new Label();
  private Vec[] sums;

  /**
   * @param bytes of a block
   * @param minima what each of a block's weights is larger by, if anything: it meets the
   *     activations' sums
   */
  Blocks32(int bytes, RowCodes codes, RowFactors scales, RowFactors... minima) {
    this.bytes = bytes;
    this.codes = codes;
    this.scales = scales;
    this.minima = List.of(minima);
  }

  /** The same blocks, unpacked. */
  Blocks32 unpacked(InstructionSet set) {
    var factors = IntStream.range(0, minima.size()).mapToObj(i -> PanelRows.factors(1 + i));
    return new Blocks32(
        panelBytes(set),
        new PanelRows(codes),
        PanelRows.factors(0),
        factors.toArray(RowFactors[]::new));
  }

  /** Bytes of a step of a panel. */
  int panelBytes(InstructionSet set) {
    return PanelRows.factors(set, 1 + minima.size());
  }

  /** Bytes of a block. */
  int weightBytes() {
    return bytes;
  }

  /** Loads what stays in registers. Runs once, before the rows. */
  void constants(GroupFrame f) {
    codes.constants(f);
  }

  /** Clears the sums of a group. */
  void begin(GroupFrame f) {
    sums = f.registers.take(f.tokens);
    for (Vec sum : sums) {
      f.a.vpxor(sum, sum, sum);
    }
  }

  /** Unpacks a step, to where activations would be. */
  void unpack(GroupFrame f) {
    int kept = f.registers.taken();
    Vec scratch = f.registers.take();
    codes.read(
        f, scratch, (four, element) -> f.a.vmovdqu(f.x(0, PanelRows.codes(f.set, element)), four));
    f.registers.release(kept);
    f.a.vmovups(f.x(0, PanelRows.factors(f.set, 0)), scales.read(f));
    f.registers.release(kept);
    for (RowFactors each : minima) {
      f.a.vmovups(f.x(0, PanelRows.factors(f.set, 1)), each.read(f));
      f.registers.release(kept);
    }
  }

  /**
   * Adds a block's products. May use the registers that {@link #constants} and {@link #begin} did
   * not keep.
   */
  void block(GroupFrame f) {
    Assembler a = f.a;
    Vec[] products = f.registers.take(f.tokens);
    boolean together = f.set == InstructionSet.AVX2 && codes.greatest(f.set) <= TOGETHER;
    for (int t = 0; t < f.tokens && !together; t++) {
      clear(f, products[t], t);
    }
    int kept = f.registers.taken();
    Vec x = f.registers.take();
    if (together) {
      codes.read(f, x, (four, element) -> pairs(f, products, four, element, x));
      for (int t = 0; t < f.tokens; t++) {
        clear(f, x, t);
        a.vpmaddwd(products[t], products[t], Address.of(ones));
        a.vpaddd(products[t], products[t], x);
      }
    } else if (codes.signed(f.set)) {
      Vec magnitudes = f.registers.take();
      codes.read(f, x, (four, element) -> signed(f, products, four, element, magnitudes, x));
    } else {
      codes.read(f, x, (four, element) -> unsigned(f, products, four, element, x));
    }
    f.registers.release(kept);
    Vec scale = scales.read(f);
    Vec both = f.registers.take();
    for (int t = 0; t < f.tokens; t++) {
      a.vbroadcastss(both, f.x(t, ActivationLayout.SCALE_32));
      a.vmulps(both, both, scale);
      a.vcvtdq2ps(products[t], products[t]);
      a.vfmadd231ps(sums[t], products[t], both);
    }
    f.registers.release(kept);
    for (RowFactors each : minima) {
      addMinima(f, each.read(f));
    }
  }

  /** Begins with minus what the codes' excess comes to. */
  private void clear(GroupFrame f, Vec products, int token) {
    int excess = codes.excess(f.set);
    if (excess == 0) {
      f.a.vpxor(products, products, products);
    } else {
      f.a.vpbroadcastd(products, f.x(token, ActivationLayout.MINUS_8_SUMS_32));
      if (excess > 8) {
        f.a.vpslld(products, products, Integer.numberOfTrailingZeros(excess / 8));
      }
    }
  }

  private void unsigned(GroupFrame f, Vec[] products, Vec four, int element, Vec x) {
    for (int t = 0; t < f.tokens; t++) {
      f.a.vpbroadcastd(x, f.x(t, element));
      f.set.dotBytes(f.a, products[t], four, x, x, Address.of(ones));
    }
  }

  /** Adds products of codes so small that all of a block's pairs fit 16 bits. */
  private void pairs(GroupFrame f, Vec[] products, Vec four, int element, Vec x) {
    for (int t = 0; t < f.tokens; t++) {
      f.a.vpbroadcastd(x, f.x(t, element));
      if (element == 0) {
        f.a.vpmaddubsw(products[t], four, x);
      } else {
        f.a.vpmaddubsw(x, four, x);
        f.a.vpaddw(products[t], products[t], x);
      }
    }
  }

  /**
   * Where unsigned codes would be too large, their magnitudes meet activations with their signs.
   */
  private void signed(GroupFrame f, Vec[] products, Vec four, int element, Vec magnitudes, Vec x) {
    f.a.vpabsb(magnitudes, four);
    for (int t = 0; t < f.tokens; t++) {
      f.a.vpbroadcastd(x, f.x(t, element));
      f.a.vpsignb(x, x, four);
      f.set.dotBytes(f.a, products[t], magnitudes, x, x, Address.of(ones));
    }
  }

  private void addMinima(GroupFrame f, Vec minimum) {
    Vec x = f.registers.take();
    for (int t = 0; t < f.tokens; t++) {
      f.a.vbroadcastss(x, f.x(t, ActivationLayout.SUM_32));
      f.a.vfmadd231ps(sums[t], minimum, x);
    }
  }

  /** A token's sums, a lane for each of the group's rows. */
  Vec sum(int token) {
    return sums[token];
  }

  /** Writes what the rest reads, behind the code. */
  void data(GroupFrame f) {
    f.data(ones, 1, 0);
    codes.data(f);
    scales.data(f);
  }
}
