package io.foregate.quant.format;

import java.util.List;

/**
 * A number that a block's elements are multiplied with, or its minima.
 *
 * @param planes that together hold its bits
 */
public record BlockFactor(Encoding encoding, List<BitPlane> planes) {
  /** How a factor is written. */
  public enum Encoding {
    F16(16),
    F32(32),

    /** A power of two by its exponent, halved: see {@link #halfPower}. */
    E8M0(8);

    private final int bits;

    Encoding(int bits) {
      this.bits = bits;
    }
  }

  /** Whole bytes from {@code at} on. */
  static BlockFactor at(Encoding encoding, int at) {
    return new BlockFactor(encoding, List.of(BitPlane.strided(encoding.bits, 8 * at, 0, 1)));
  }

  /** An F16 number from {@code at} on. */
  static BlockFactor f16(int at) {
    return at(Encoding.F16, at);
  }

  /** An F16 number in the upper four bits of four words that begin at byte {@code at}. */
  static BlockFactor f16InWords(int at) {
    int bit = 8 * at + 12;
    return new BlockFactor(
        Encoding.F16,
        List.of(
            BitPlane.strided(4, bit, 0, 1),
            BitPlane.strided(4, bit + 16, 0, 1).above(4),
            BitPlane.strided(4, bit + 32, 0, 1).above(8),
            BitPlane.strided(4, bit + 48, 0, 1).above(12)));
  }

  /** Where its bits stand. */
  public List<BitField> fields() {
    return planes.stream().map(plane -> plane.field(0)).toList();
  }

  /** Where it begins, where its bytes are whole ones. */
  public int offset() {
    return planes.getFirst().places()[0] >> 3;
  }

  /** How many bytes it takes. */
  public int bytes() {
    return encoding.bits / 8;
  }

  float read(byte[] block) {
    int bits = 0;
    for (int i = 0; i < planes.size(); i++) {
      bits |= planes.get(i).first(block);
    }
    return switch (encoding) {
      case F16 -> Float.float16ToFloat((short) bits);
      case F32 -> Float.intBitsToFloat(bits);
      case E8M0 -> halfPower(bits);
    };
  }

  void write(float value, byte[] block) {
    int bits =
        switch (encoding) {
          case F16 -> Float.floatToFloat16(value);
          case F32 -> Float.floatToRawIntBits(value);
          case E8M0 -> value < 0x1p-127f ? 0 : Math.getExponent(value) + 128;
        };
    for (BitPlane plane : planes) {
      plane.write(new int[] {bits}, 0, block);
    }
  }

  /**
   * Half of {@code 2^(e - 127)}: scale of a block of MXFP4, whose values are doubled to be whole.
   * The smallest two are subnormal.
   */
  public static float halfPower(int e) {
    return Float.intBitsToFloat(e < 2 ? 0x0020_0000 << e : (e - 1) << 23);
  }
}
