package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.GatherAddress;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.format.Codebook;
import io.foregate.quant.format.PackedIntegers;
import java.util.ArrayList;
import java.util.List;

/** Codes of 4 or 8 elements that are an entry of a grid, found by its number. */
final class GridCodes implements LaneCodes {
  /** The mask register of gathers. */
  private static final int K1 = 1;

  private final Codebook grid;
  private final GridChange change;

  /** Entries' numbers: of as many registers as there are entries to 16 elements. */
  private final List<LaneFields> numbers = new ArrayList<>();

  GridCodes(PackedIntegers codes, Codebook grid, GridChange change) {
    this.grid = grid;
    this.change = change;
    int entries = 16 / grid.entrySize();
    for (int i = 0; i < entries; i++) {
      var fields = new LaneFields();
      for (int lane = 0; lane < 16; lane++) {
        fields.add(codes.fields(ActivationLayout.subBlock(lane) * entries + i));
      }
      numbers.add(fields);
    }
  }

  @Override
  public int above(ProductFrame f, int lane) {
    return 0;
  }

  @Override
  public int greatest() {
    return change.greatest();
  }

  @Override
  public int centre() {
    return change.centre();
  }

  @Override
  public byte[] table() {
    byte[] table = grid.toArray();
    for (int i = 0; i < table.length; i++) {
      table[i] = (byte) change.stored(table[i]);
    }
    return table;
  }

  @Override
  public void read(ProductFrame f, int part, Vec[] to) {
    int taken = f.taken();
    change.begin(f, part);
    Vec number = f.take();
    int size = grid.entrySize();
    for (int k = 0; k < to.length; k++) {
      int within = 4 * k % size;
      if (within == 0) {
        numbers.get(4 * k / size).read(f, part, number);
      }
      gather(f, to[k], new GatherAddress(ProductFrame.TABLE, number, size, within));
      change.apply(f, to[k], k);
    }
    f.release(taken);
  }

  private static void gather(ProductFrame f, Vec to, GatherAddress from) {
    Assembler a = f.a;
    // What was there need not be waited for.
    a.vpxor(to, to, to);
    if (f.bits == 512) {
      a.kxnorw(K1, K1, K1);
      a.vpgatherdd(to, from, K1);
    } else {
      Vec mask = f.take();
      a.vpcmpeqd(mask, mask, mask);
      a.vpgatherdd(to, from, mask);
      f.release(f.taken() - 1);
    }
  }
}
