package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.Transposition;
import io.foregate.quant.format.BitField;
import io.foregate.quant.format.PackedIntegers;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Codes whose bits lie in neighbouring bytes for neighbouring elements, as most formats have them:
 * four elements' bits are four bytes' bits, so a register of them is one permutation of the block's
 * 32-bit words, a shift that depends on the lane, and a mask.
 */
final class PlaneCodes implements LaneCodes {
  /** Elements whose bits are read at once where they are turned into lanes. */
  private static final int ELEMENTS = 32;

  private final PackedIntegers codes;
  private final int planes;

  /** Whether codes may be left where they are in their bytes. */
  private final boolean mayStay;

  /** Whether neighbouring bytes have all bits of 16 elements. */
  private final boolean inRows;

  PlaneCodes(PackedIntegers codes, boolean mayStay) {
    this.codes = codes;
    this.planes = codes.fields(0).size();
    this.mayStay = mayStay && planes == 1;
    if (!areBeside(4)) {
      throw new IllegalArgumentException("four elements are not beside each other");
    }
    this.inRows = areBeside(ELEMENTS / 2);
  }

  /** Whether so many elements, from each multiple of their number on, are in bytes side by side. */
  private boolean areBeside(int elements) {
    return IntStream.range(0, 256)
        .filter(i -> i % elements > 0)
        .allMatch(
            i ->
                IntStream.range(0, planes)
                    .allMatch(
                        p ->
                            codes.fields(i).get(p).place()
                                == codes.fields(i - 1).get(p).place() + 8));
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
    return codes.fields(16 * ActivationLayout.subBlock(lane) + 4 * k).get(p);
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
    if (f.bits == 256 && inRows) {
      turn(f, part, to);
    } else {
      permute(f, part, to);
    }
  }

  /**
   * Reads 32 elements at a time, which are 16 of one lane and of another's, and then turns rows of
   * elements into lanes.
   */
  private void turn(ProductFrame f, int part, Vec[] to) {
    Vec last = f.take();
    Vec[] rows = {to[0], to[1], to[2], last};
    for (int i = 0; i < rows.length; i++) {
      for (int p = 0; p < planes; p++) {
        Vec w = p == 0 ? rows[i] : to[3];
        row(f, p, ELEMENTS * (rows.length * part + i), w);
        if (p > 0) {
          f.a.vpor(rows[i], rows[i], w);
        }
      }
    }
    Vec[] lanes = Transposition.write(f.a, rows, to[3]);
    System.arraycopy(lanes, 0, to, 0, to.length);
    f.release(f.taken() - 1);
  }

  /** Reads a plane's bits of 32 elements, each in its byte. */
  private void row(ProductFrame f, int p, int element, Vec w) {
    BitField low = codes.fields(element).get(p);
    BitField high = codes.fields(element + ELEMENTS / 2).get(p);
    int first = low.place() / 8;
    int second = high.place() / 8;
    if (second == first) {
      f.a.vbroadcasti128(w, f.weights(first));
    } else if (second == first + ELEMENTS / 2) {
      f.a.vmovdqu(w, f.weights(first));
    } else {
      f.a.vmovdqu(w.x(), f.weights(first));
      f.a.vinserti128(w, w, f.weights(second), 1);
    }
    IntFunction<BitField> field = lane -> lane < f.lanes() / 2 ? low : high;
    Vec shifted = w;
    if (!stays(f)) {
      shifted = f.shiftRight(w, w, lane -> field.apply(lane).place() % 8 - field.apply(lane).to());
    }
    f.a.vpand(w, shifted, f.constants.lanes(lane -> mask(f, field.apply(lane))));
  }

  private void permute(ProductFrame f, int part, Vec[] to) {
    Assembler a = f.a;
    int taken = f.taken();
    for (int p = 0; p < planes; p++) {
      WordWindow window = WordWindow.of(f, words(f, p, part));
      for (int k = 0; k < REGISTERS; k++) {
        Operand mask = mask(f, p, part, k);
        Vec w = p == 0 ? to[k] : f.take();
        window.permute(f, w, k);
        if (!stays(f)) {
          shift(f, w, p, part, k);
        }
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
  private void shift(ProductFrame f, Vec w, int p, int part, int k) {
    BitField[] fields = new BitField[f.lanes()];
    for (int lane = 0; lane < fields.length; lane++) {
      fields[lane] = field(p, k, part * f.lanes() + lane);
    }
    f.shiftRight(w, w, lane -> fields[lane].place() % 8 - fields[lane].to());
  }

  private Operand mask(ProductFrame f, int p, int part, int k) {
    return f.constants.lanes(lane -> mask(f, field(p, k, part * f.lanes() + lane)));
  }

  /** Of four bytes, the bits that are a field's. */
  private int mask(ProductFrame f, BitField field) {
    int at = stays(f) ? field.place() % 8 : field.to();
    return (((1 << field.width()) - 1) << at) * 0x01010101;
  }
}
