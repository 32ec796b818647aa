package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.ElementCodes;
import io.foregate.quant.format.PlaneShape;

/**
 * Products of blocks of 256 weights, written as their {@link BlockFormat} says.
 *
 * <p>Codes lie so in registers that a lane of 32 bits only ever meets one sub-block: its products
 * are added up as integers, become floats once for each token, and meet the lane's scale then. A
 * block is done in as many parts as registers hold its 16 lanes.
 *
 * @param weightBytes bytes of a block of weights
 */
record SuperBlockCode(int weightBytes, LaneCodes codes, LaneScales scales) {
  /** Blocks as the format has them. */
  static SuperBlockCode of(BlockFormat format) {
    LaneCodes codes =
        switch (format.codes()) {
          case ElementCodes.Linear linear -> new PlaneCodes(linear.codes(), true);
          case ElementCodes.Table table ->
              new BookCodes(new PlaneCodes(table.codes(), false), table.book());
          case ElementCodes.SignedGrid grid ->
              new GridCodes(grid.codes(), grid.grid(), new CodeSigns(grid));
          case ElementCodes.ShiftedGrid grid ->
              new GridCodes(grid.codes(), grid.grid(), new CodeShifts(grid));
          case ElementCodes.Ternary _ -> new DigitCodes();
        };
    return new SuperBlockCode(format.type().blockBytes(), codes, new BlockScales(format));
  }

  /** Parts of blocks, as planes have them. */
  static SuperBlockCode ofPlanes(PlaneShape shape) {
    BlockFormat parts = shape.block();
    var codes = new PlaneCodes(parts.elementCodes().orElseThrow(), false);
    return new SuperBlockCode(parts.type().blockBytes(), codes, new BlockScales(parts));
  }

  /** The same blocks, unpacked. */
  SuperBlockCode unpacked() {
    PanelLanes panel = panel();
    return new SuperBlockCode(panel.bytes(), panel, panel);
  }

  /** Whether this is of a panel. */
  boolean isUnpacked() {
    return codes instanceof PanelLanes;
  }

  /** How a panel has these blocks. */
  PanelLanes panel() {
    return new PanelLanes(codes, scales.hasMinima());
  }

  /** What {@link ProductFrame#TABLE} has to point at; empty where there is no table. */
  byte[] table() {
    return codes.table();
  }

  /** Bytes of a block of activations. */
  int activationBytes() {
    return ActivationLayout.BLOCKS_OF_256.bytes();
  }

  /** Writes what unpacks a block, to where activations would be. */
  void unpack(ProductFrame f) {
    scales.begin(f);
    for (int part = 0; part < 16 / f.lanes(); part++) {
      int taken = f.taken();
      Vec[] w = f.take(LaneCodes.REGISTERS);
      codes.read(f, part, w);
      for (int k = 0; k < w.length; k++) {
        f.a.vmovdqu(f.x(0, PanelLanes.codes(f.bits, part, k)), w[k]);
      }
      Vec scale = w[0];
      Vec minimum = w[1];
      scales.read(f, part, scale, minimum, codes);
      f.a.vmovups(f.x(0, PanelLanes.scales(f.bits, part)), scale);
      if (scales.hasMinima()) {
        f.a.vmovups(f.x(0, PanelLanes.minima(f.bits, part)), minimum);
      }
      f.release(taken);
    }
  }

  /**
   * Writes what adds a block's products to every {@link ProductFrame#sum}. It runs for each block
   * of each row.
   *
   * <p>Float operations on a token's sum are the same, in the same order, whatever the number of
   * tokens: a token's result must not depend on its batch.
   */
  void block(ProductFrame f) {
    scales.begin(f);
    for (int part = 0; part < 16 / f.lanes(); part++) {
      int taken = f.taken();
      Vec[] w = f.take(LaneCodes.REGISTERS);
      codes.read(f, part, w);
      Vec scale = f.take();
      Vec minimum = scales.hasMinima() ? f.take() : scale;
      scales.read(f, part, scale, minimum, codes);
      var dots = LaneDots.of(f, part, codes, w);
      for (int t = 0; t < f.tokens; t++) {
        dots.add(t);
        f.a.vmulps(dots.sums(), dots.sums(), scale);
        if (scales.hasMinima()) {
          f.a.vfnmadd231ps(dots.sums(), minimum, dots.x(t, ActivationLayout.SUMS_16));
        }
        f.a.vbroadcastss(dots.scratch(), f.x(t, ActivationLayout.SCALE_256));
        f.a.vfmadd231ps(f.sum(t), dots.sums(), dots.scratch());
      }
      f.release(taken);
    }
  }
}
