package io.foregate.quant.assembled.plane;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.format.BitPlane;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;

/**
 * Codes of a plane, which lie there one after the other, brought to where a block has them: in runs
 * of bytes, the first run's codes in the lowest bits, the next one's above.
 *
 * <p>In a row of bits, each of which has a number of so many binary digits, the digits that count
 * runs go from above those that count a run's bytes to below them. A zip takes one of them down: it
 * unpacks nibbles to bytes and puts those of the second half beside those of the first. Codes that
 * are shorter than a nibble are zipped more than once; a table of 16 makes room within the bytes.
 */
final class PlaneZips {
  private static final int REGISTER = 32;

  private final int width;

  /** Bytes of a run, and with codes of whole bytes the block's. */
  private final int run;

  /** Where in the block its bytes begin. */
  private final int to;

  /** Bytes of a block. */
  private final int bytes;

  private final boolean several;
  private Vec nibble;
  private Vec[] room;
  private Vec[] roomAbove;

  /**
   * @param inBlock where a block has the codes
   * @param elements of a block
   */
  PlaneZips(BitPlane inBlock, int elements) {
    this.width = inBlock.width();
    this.to = inBlock.place(0) / 8;
    this.bytes = elements * width / 8;
    int length = 1;
    while (length < elements && inBlock.place(length) == inBlock.place(0) + 8 * length) {
      length++;
    }
    this.run = length;
    this.several = width < 8 && bytes < REGISTER;
    boolean known =
        width == 8 || run == REGISTER || (width == 4 && (run == 16 || run == 2 * REGISTER));
    if (!known) {
      throw new IllegalArgumentException("runs of %d codes of %d bits".formatted(run, width));
    }
  }

  /** Blocks that are best made at a time: 1 or 2. */
  int blocksAtOnce() {
    return several ? 2 : 1;
  }

  /** Loads what stays in registers. */
  void constants(PlaneFrame f) {
    if (width == 8) {
      return;
    }
    nibble = kept(f, _ -> 0x0F);
    int rooms = Integer.numberOfTrailingZeros(4 / width);
    room = new Vec[rooms];
    roomAbove = new Vec[rooms];
    for (int zip = 0; zip < rooms; zip++) {
      int bits = width << zip;
      room[zip] = kept(f, value -> spread(value, bits));
      roomAbove[zip] = kept(f, value -> spread(value, bits) << bits);
    }
  }

  /** A byte for each of 16 values, in both halves of a register. */
  private static Vec kept(PlaneFrame f, IntUnaryOperator bytes) {
    Vec kept = f.registers.take();
    f.a.vmovdqu(kept, lanes(f, bytes));
    return kept;
  }

  /** A byte for each place of 16, in both halves of a register. */
  static Operand lanes(PlaneFrame f, IntUnaryOperator bytes) {
    return f.constants.lanes(
        lane -> {
          int value = 0;
          for (int i = 0; i < 4; i++) {
            value |= (bytes.applyAsInt(lane % 4 * 4 + i) & 0xFF) << (8 * i);
          }
          return value;
        });
  }

  /** A nibble's numbers of so many bits, twice as far apart. */
  private static int spread(int nibble, int bits) {
    int spread = 0;
    for (int bit = 0; bit < 4; bit++) {
      spread |= ((nibble >> bit) & 1) << (bit / bits * 2 * bits + bit % bits);
    }
    return spread;
  }

  /**
   * Writes the codes of blocks.
   *
   * @param from their bytes in the plane
   * @param blocks 1, or what {@link #blocksAtOnce} says
   */
  void write(PlaneFrame f, IntFunction<Address> from, int blocks) {
    int kept = f.registers.taken();
    if (several) {
      Vec codes = f.registers.take();
      Vec used = blocks > 1 ? codes : codes.x();
      f.a.vmovdqu(used, from.apply(0));
      zips(f, used);
      f.a.vmovdqu(f.out(0, to), codes.x());
      if (blocks > 1) {
        f.a.vextracti128(f.out(1, to), codes, 1);
      }
    } else {
      for (int at = 0; at < bytes; at += REGISTER) {
        Vec codes = f.registers.take();
        load(f, codes, from, at);
        if (width < 8) {
          zips(f, codes);
        }
        f.a.vmovdqu(f.out(0, to + at), codes);
        f.registers.release(kept);
      }
    }
    f.registers.release(kept);
  }

  /** Loads what a register of the block is made of, in the order in which it is zipped. */
  private void load(PlaneFrame f, Vec codes, IntFunction<Address> from, int at) {
    Assembler a = f.a;
    if (width == 8 || run < REGISTER) {
      a.vmovdqu(codes, from.apply(at));
    } else if (run > REGISTER) {
      // Half of the first run's and half of the second's.
      int first = at / run * run + at % run / 2;
      a.vmovdqu(codes.x(), from.apply(first));
      a.vinserti128(codes, codes, from.apply(first + run / 2), 1);
      a.vpermq(codes, codes, 0b11_01_10_00);
    } else if (width == 4) {
      a.vpermq(codes, from.apply(at), 0b11_01_10_00);
    } else if (width == 2) {
      a.vmovdqu(codes, f.constants.lanes(lane -> reversed(lane)));
      a.vpermd(codes, codes, from.apply(at));
    } else {
      a.vmovdqu(codes, from.apply(at));
      a.vpshufb(codes, codes, words(f, word -> reversed(word)));
      a.vpermq(codes, codes, 0b11_01_10_00);
      a.vpshufb(codes, codes, words(f, word -> word % 2 * 4 + word / 2));
    }
  }

  /** Three binary digits the other way round. */
  private static int reversed(int number) {
    return number % 2 * 4 + number / 2 % 2 * 2 + number / 4;
  }

  /** For a shuffle: which word of its half each word is. */
  private static Operand words(PlaneFrame f, IntUnaryOperator from) {
    return lanes(f, at -> from.applyAsInt(at / 2) * 2 + at % 2);
  }

  private void zips(PlaneFrame f, Vec codes) {
    for (int zip = 0; zip <= room.length; zip++) {
      zip(f, codes, zip);
    }
  }

  private void zip(PlaneFrame f, Vec codes, int zip) {
    Assembler a = f.a;
    int kept = f.registers.taken();
    int bits = codes.bits();
    Vec odd = new Vec(f.registers.take().number(), bits);
    Vec second = new Vec(f.registers.take().number(), bits);
    Vec mask = new Vec(nibble.number(), bits);
    a.vpsrlw(odd, codes, 4);
    a.vpand(odd, odd, mask);
    a.vpand(codes, codes, mask);
    a.vpunpckhbw(second, codes, odd);
    a.vpunpcklbw(codes, codes, odd);
    if (zip < room.length) {
      a.vpshufb(codes, new Vec(room[zip].number(), bits), codes);
      a.vpshufb(second, new Vec(roomAbove[zip].number(), bits), second);
    } else {
      a.vpsllw(second, second, 4);
    }
    a.vpor(codes, codes, second);
    f.registers.release(kept);
  }
}
