package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.PackedIntegers;
import io.foregate.quant.format.Scaling;
import java.util.Optional;

/**
 * Scales and minima as the block's format has them.
 *
 * <p>Minima of 32 elements are read together with the scales: of each eight lanes, the first four
 * have a sub-block's scale, and the others, which have the other half of the same, its minimum.
 */
final class BlockScales implements LaneScales {
  private static final int LANES = 16;

  // Of pairs of lanes.
  private static final int EVEN = 0b10_10_00_00;
  private static final int ODD = 0b11_11_01_01;

  // Of halves of eight lanes, four to each.
  private static final int LOW = 0b01_00_01_00;
  private static final int HIGH = 0b11_10_11_10;

  // Of a shuffle of bytes.
  private static final int FIRST_FLOAT = 0x03020100;
  private static final int SECOND_FLOAT = 0x07060504;

  private final Scaling scales;
  private final boolean together;

  /** Empty where the factors are all there is. */
  private final Optional<LaneIntegers> integers;

  /** Empty if they are among the integers, or there are none. */
  private final Optional<LaneIntegers> minima;

  private final boolean hasMinima;

  /** Those of the factor, in every lane, where they are scattered. */
  private final LaneFields factorBits = new LaneFields();

  private Vec factor;
  private Vec factorOfMinima;

  BlockScales(BlockFormat format) {
    this.scales = format.scales();
    for (int lane = 0; lane < LANES; lane++) {
      factorBits.add(scales.factor().fields());
    }
    this.hasMinima = format.minima().isPresent();
    this.together = hasMinima && format.sub() == 32;
    int perSub = format.sub() / (256 / LANES);
    PackedIntegers own = scales.codes();
    if (own.isConstant()) {
      this.integers = Optional.empty();
      this.minima = Optional.empty();
      return;
    }
    var all = new LaneIntegers();
    var least = new LaneIntegers();
    for (int lane = 0; lane < LANES; lane++) {
      PackedIntegers other = format.minima().map(Scaling::codes).orElse(own);
      int sub = ActivationLayout.subBlock(lane) / perSub;
      all.add(together && isHigh(lane) ? other : own, sub);
      least.add(other, sub);
    }
    this.integers = Optional.of(all);
    this.minima = hasMinima && !together ? Optional.of(least) : Optional.empty();
  }

  private static boolean isHigh(int lane) {
    return lane % 8 >= 4;
  }

  @Override
  public boolean hasMinima() {
    return hasMinima;
  }

  @Override
  public void begin(ProductFrame f) {
    Assembler a = f.a;
    factor = f.take();
    Vec half = f.bits == 512 ? factor.y() : factor.x();
    int at = scales.factor().offset();
    boolean whole = scales.factor().fields().size() == 1;
    if (!whole) {
      factorBits.read(f, 0, factor);
    } else if (hasMinima) {
      a.vpbroadcastd(half, f.weights(at));
    } else {
      a.vpbroadcastw(half, f.weights(at));
    }
    a.vcvtph2ps(factor, half);
    if (!whole) {
      a.vpermilps(factor, factor, EVEN);
    }
    if (together) {
      a.vpshufb(
          factor, factor, f.constants.lanes(lane -> isHigh(lane) ? SECOND_FLOAT : FIRST_FLOAT));
    } else if (hasMinima) {
      factorOfMinima = f.take();
      a.vpermilps(factorOfMinima, factor, ODD);
      a.vpermilps(factor, factor, EVEN);
    }
  }

  @Override
  public void read(ProductFrame f, int part, Vec scale, Vec minimum, LaneCodes codes) {
    Assembler a = f.a;
    if (integers.isEmpty()) {
      a.vmovups(scale, factor);
    } else {
      integers.get().read(f, part, scale);
      a.vcvtdq2ps(scale, scale);
      a.vmulps(scale, scale, factor);
    }
    if (together) {
      a.vpermq(minimum, scale, HIGH);
      a.vpermq(scale, scale, LOW);
    } else if (hasMinima) {
      minima.orElseThrow().read(f, part, minimum);
      a.vcvtdq2ps(minimum, minimum);
      a.vmulps(minimum, minimum, factorOfMinima);
    }
    float[] units = new float[f.lanes()];
    boolean one = true;
    for (int lane = 0; lane < units.length; lane++) {
      units[lane] = Math.scalb(scales.unit(), -codes.above(f, part * units.length + lane));
      one &= units[lane] == 1;
    }
    if (!one) {
      a.vmulps(scale, scale, f.constants.floats(lane -> units[lane]));
    }
  }
}
