package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.format.BitField;
import java.util.stream.IntStream;

/**
 * One field of each lane of a register, which has it among other bits.
 *
 * @param fields null where a lane has none
 * @param at the first bit of each in its lane
 * @param alone whether all bits of a lane are zero but a byte with the field
 */
record LaneSlot(BitField[] fields, int[] at, boolean alone) {
  /** Shifts and masks the fields in a register. */
  void begin(ProductFrame f, Vec to, Vec raw) {
    Vec shifted = shift(f, to, raw);
    if (!shifted.equals(to) || !IntStream.range(0, at.length).allMatch(this::isClean)) {
      f.a.vpand(to, shifted, mask(f));
    }
  }

  /** Adds the fields to what is there. */
  void add(ProductFrame f, Vec to, Vec raw, Vec scratch) {
    f.orMasked(to, shift(f, scratch, raw), mask(f));
  }

  private Vec shift(ProductFrame f, Vec to, Vec raw) {
    return f.shiftRight(
        to, raw, lane -> fields[lane] == null ? ProductFrame.ANY : at[lane] - fields[lane].to());
  }

  private Operand mask(ProductFrame f) {
    return f.constants.lanes(
        lane -> fields[lane] == null ? 0 : ((1 << fields[lane].width()) - 1) << fields[lane].to());
  }

  /** Whether nothing is beside the field once it is where it belongs. */
  private boolean isClean(int lane) {
    BitField field = fields[lane];
    if (field == null) {
      return alone;
    }
    int top = at[lane] + field.width();
    boolean above = alone ? top % 8 == 0 : top == 32;
    boolean below = alone ? at[lane] % 8 == 0 : at[lane] == 0;
    return above && (below || field.to() == 0);
  }
}
