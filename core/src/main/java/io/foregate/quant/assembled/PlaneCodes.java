package io.foregate.quant.assembled;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.format.BitField;
import io.foregate.quant.format.PackedIntegers;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Codes whose bits lie in neighbouring bytes for neighbouring elements, as most formats have them:
 * four elements' bits are four bytes' bits, so a register of them is one permutation of the block's
 * 32-bit words, a shift that depends on the lane, and a mask.
 */
final class PlaneCodes implements LaneCodes {
  private final PackedIntegers codes;
  private final int planes;

  /** Whether codes may be left where they are in their bytes. */
  private final boolean mayStay;

  PlaneCodes(PackedIntegers codes, boolean mayStay) {
    this.codes = codes;
    this.planes = codes.fields(0).size();
    this.mayStay = mayStay && planes == 1;
    for (int i = 1; i < 256; i++) {
      for (int p = 0; p < planes; p++) {
        BitField field = codes.fields(i).get(p);
        if (i % 4 > 0 && field.place() != codes.fields(i - 1).get(p).place() + 8) {
          throw new IllegalArgumentException(
              "element %d is not beside the one before".formatted(i));
        }
      }
    }
  }

  @Override
  public int greatest() {
    return codes.greatest() - codes.least();
  }

  @Override
  public int centre() {
    return -codes.least();
  }

  /** Where plane {@code p} of the codes {@code 4 k} and following of a lane begins. */
  private BitField field(int p, int k, int lane) {
    return codes.fields(16 * lane + 4 * k).get(p);
  }

  /** Four bytes' products with such codes, in pairs, must fit in what the instruction set adds. */
  private boolean stays(ProductFrame f) {
    return mayStay && f.set != InstructionSet.AVX2;
  }

  @Override
  public int above(ProductFrame f, int lane) {
    return stays(f) ? field(0, 0, lane).place() % 8 : 0;
  }

  @Override
  public void read(ProductFrame f, int part, Vec[] to) {
    Assembler a = f.a;
    int taken = f.taken();
    for (int p = 0; p < planes; p++) {
      WordWindow window = WordWindow.of(f, words(f, p, part));
      for (int k = 0; k < REGISTERS; k++) {
        Vec w = p == 0 ? to[k] : f.take();
        window.permute(f, w, k);
        if (!stays(f)) {
          shift(f, w, p, part);
        }
        Operand mask = mask(f, p, part);
        if (p == 0) {
          a.vpand(w, w, mask);
        } else {
          f.orMasked(to[k], w, mask);
          f.release(f.taken() - 1);
        }
      }
      f.release(taken);
    }
  }

  /** Offsets in the block of the four bytes that each lane of each register takes. */
  private List<int[]> words(ProductFrame f, int p, int part) {
    return IntStream.range(0, REGISTERS)
        .mapToObj(
            k ->
                IntStream.range(0, f.lanes())
                    .map(lane -> field(p, k, part * f.lanes() + lane).place() / 8)
                    .toArray())
        .toList();
  }

  /** Moves a plane's bits to where the code has them. */
  private void shift(ProductFrame f, Vec w, int p, int part) {
    BitField[] fields = new BitField[f.lanes()];
    for (int lane = 0; lane < fields.length; lane++) {
      fields[lane] = field(p, 0, part * f.lanes() + lane);
    }
    f.shiftRight(w, w, lane -> fields[lane].place() % 8 - fields[lane].to());
  }

  private Operand mask(ProductFrame f, int p, int part) {
    return f.constants.lanes(
        lane -> {
          BitField field = field(p, 0, part * f.lanes() + lane);
          int at = stays(f) ? field.place() % 8 : field.to();
          return (((1 << field.width()) - 1) << at) * 0x01010101;
        });
  }
}
