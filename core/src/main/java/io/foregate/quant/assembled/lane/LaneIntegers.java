package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Vec;
import io.foregate.quant.format.BitField;
import io.foregate.quant.format.PackedIntegers;
import java.util.ArrayList;
import java.util.List;

/** Small integers of a block, such as its scales, one in each lane of 32 bits. */
final class LaneIntegers {
  /** How far a byte in two's complement is shifted up, to be shifted down with its sign. */
  private static final int SIGN = 24;

  private final List<PackedIntegers> kinds = new ArrayList<>();
  private final LaneFields fields = new LaneFields();

  /** Adds the next lane's integer. */
  void add(PackedIntegers integers, int index) {
    // Odd numbers are twice what is stored, and one.
    int up = isSigned(integers) ? SIGN : integers.step() - 1;
    kinds.add(integers);
    fields.add(
        integers.fields(index).stream()
            .map(field -> new BitField(field.place(), field.width(), field.to() + up))
            .toList());
  }

  private static boolean isSigned(PackedIntegers integers) {
    return integers.flip() != 0;
  }

  /** Reads the integers of a part's lanes. */
  void read(ProductFrame f, int part, Vec to) {
    int first = part * f.lanes();
    fields.read(f, part, to);
    if (isSigned(kinds.get(first))) {
      f.a.vpsrad(to, to, SIGN);
    } else if (kinds.get(first).least() != 0) {
      f.a.vpaddd(to, to, f.constants.lanes(lane -> kinds.get(first + lane).least()));
    }
  }
}
