package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.format.BitField;
import io.foregate.quant.format.ElementCodes.SignedGrid;
import java.util.ArrayList;
import java.util.List;

/**
 * Signs of a grid's values: a bit for each element, but perhaps not for every eighth, which makes
 * the number of negative ones even.
 */
final class CodeSigns implements GridChange {
  private final int greatest;
  private final boolean even;

  /** Of a lane, 16 bits: eight for the first elements, and eight for the others. */
  private final LaneFields fields = new LaneFields();

  private Vec signs;

  CodeSigns(SignedGrid codes) {
    this.greatest = codes.grid().greatest();
    this.even = codes.even();
    for (int lane = 0; lane < 16; lane++) {
      int first = 2 * ActivationLayout.subBlock(lane);
      List<BitField> bits = new ArrayList<>(codes.signs().fields(first));
      for (BitField field : codes.signs().fields(first + 1)) {
        bits.add(new BitField(field.place(), field.width(), field.to() + 8));
      }
      fields.add(bits);
    }
  }

  @Override
  public int stored(int value) {
    return value;
  }

  @Override
  public int greatest() {
    return 2 * greatest;
  }

  @Override
  public int centre() {
    return greatest;
  }

  @Override
  public void begin(ProductFrame f, int part) {
    signs = f.take();
    fields.read(f, part, signs);
    if (even) {
      addParity(f);
    }
  }

  /** Sets the highest bit of bytes where an odd number of the others is set. */
  private void addParity(ProductFrame f) {
    Assembler a = f.a;
    int taken = f.taken();
    Vec low = f.take();
    Vec high = f.take();
    Vec table = f.inRegister(f.constants.lanes(lane -> parities(lane % 4)), f.take());
    a.vpand(low, signs, f.constants.bytes(0x0F));
    a.vpsrld(high, signs, 4);
    a.vpand(high, high, f.constants.bytes(0x07));
    a.vpshufb(low, table, low);
    a.vpshufb(high, table, high);
    a.vpxor(low, low, high);
    a.vpxor(signs, signs, low);
    f.release(taken);
  }

  /** Of four numbers, the highest bit of a byte each where they have an odd number of bits. */
  private static int parities(int four) {
    int bytes = 0;
    for (int i = 0; i < 4; i++) {
      bytes |= (Integer.bitCount(4 * four + i) & 1) << (8 * i + 7);
    }
    return bytes;
  }

  @Override
  public void apply(ProductFrame f, Vec codes, int k) {
    Assembler a = f.a;
    Vec negative = f.take();
    if (f.bits == 512) {
      // Four bits choose one of the 16 words that a register has.
      Vec four = f.shiftRight(negative, signs, _ -> 4 * k);
      a.vpermd(negative, four, f.constants.lanes(CodeSigns::spread));
    } else {
      a.vpshufb(negative, signs, f.constants.lanes(lane -> 0x01010101 * (lane % 4 * 4 + k / 2)));
      a.vpand(negative, negative, f.constants.lanes(_ -> 0x08040201 << (k % 2 * 4)));
      a.vpcmpeqb(negative, negative, f.constants.lanes(_ -> 0x08040201 << (k % 2 * 4)));
    }
    a.vpxor(codes, codes, negative);
    a.vpsubb(codes, codes, negative);
    a.vpaddb(codes, codes, f.constants.bytes(greatest));
    f.release(f.taken() - 1);
  }

  /** Of each of four bits, a byte. */
  private static int spread(int bits) {
    int bytes = 0;
    for (int i = 0; i < 4; i++) {
      bytes |= (((bits >> i) & 1) * 0xFF) << (8 * i);
    }
    return bytes;
  }
}
