package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.format.ElementCodes.ShiftedGrid;
import java.util.ArrayList;
import java.util.List;

/**
 * Shifts of a grid's values by an eighth up or down: codes count eighths, and a bit says of some
 * elements that they go down.
 */
final class CodeShifts implements GridChange {
  private static final int EIGHTHS = 8;

  /** Of the first and the last eight elements of a lane; one for all where they do the same. */
  private final List<LaneFields> down = new ArrayList<>();

  private Vec[] ups;

  CodeShifts(ShiftedGrid codes) {
    for (int half = 0; half < (codes.stretch() < 16 ? 2 : 1); half++) {
      var fields = new LaneFields();
      for (int lane = 0; lane < 16; lane++) {
        int element = 16 * ActivationLayout.subBlock(lane) + 8 * half;
        fields.add(codes.down().fields(element / codes.stretch()));
      }
      down.add(fields);
    }
  }

  @Override
  public int stored(int value) {
    return EIGHTHS * (value + 1);
  }

  @Override
  public int greatest() {
    return 2 * EIGHTHS + 2;
  }

  @Override
  public int centre() {
    return EIGHTHS + 1;
  }

  @Override
  public void begin(ProductFrame f, int part) {
    ups = f.take(down.size());
    for (int half = 0; half < ups.length; half++) {
      Vec up = ups[half];
      down.get(half).read(f, part, up);
      f.a.vpaddd(up, up, f.constants.lanes(_ -> -1));
      f.a.vpand(up, up, f.constants.bytes(2));
    }
  }

  @Override
  public void apply(ProductFrame f, Vec codes, int k) {
    f.a.vpaddb(codes, codes, ups[k * ups.length / LaneCodes.REGISTERS]);
  }
}
