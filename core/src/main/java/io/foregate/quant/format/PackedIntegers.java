package io.foregate.quant.format;

import java.util.Arrays;
import java.util.List;

/**
 * A row of integers of few bits in a block, such as the codes of its elements or the scales of its
 * sub-blocks: what their bits are ({@code raw}), and what these mean: {@code step * (raw ^ flip) +
 * least}.
 *
 * @param flip the sign bit of integers in two's complement, whose {@code least} is its negative
 * @param planes that together hold all bits
 */
public record PackedIntegers(int step, int flip, int least, List<BitPlane> planes) {
  /** Raw is what is meant. */
  static PackedIntegers unsigned(BitPlane... planes) {
    return centred(0, planes);
  }

  /** The smallest one, stored as zero, means {@code least}. */
  static PackedIntegers centred(int least, BitPlane... planes) {
    return new PackedIntegers(1, 0, least, List.of(planes));
  }

  /** Bytes in two's complement. */
  static PackedIntegers signed(BitPlane plane) {
    return new PackedIntegers(1, 128, -128, List.of(plane));
  }

  /** Odd numbers: 1, 3, 5, and so on. */
  static PackedIntegers odd(BitPlane... planes) {
    return new PackedIntegers(2, 0, 1, List.of(planes));
  }

  /** Nothing is stored, and this is meant. */
  static PackedIntegers constant(int value) {
    return new PackedIntegers(1, 0, value, List.of());
  }

  /** Whether nothing is stored: all are {@link #least}. */
  public boolean isConstant() {
    return planes.isEmpty();
  }

  /** Where an integer's bits stand. */
  public List<BitField> fields(int index) {
    return planes.stream()
        .filter(plane -> plane.holds(index))
        .map(plane -> plane.field(index))
        .toList();
  }

  /** Bits of each. */
  public int bits() {
    return planes.stream().mapToInt(BitPlane::top).max().orElse(0);
  }

  /** The largest that can be said. */
  public int greatest() {
    return step * ((1 << bits()) - 1) + least;
  }

  /** What a raw integer means. */
  int value(int raw) {
    return step * (raw ^ flip) + least;
  }

  /** The raw integer that means this value. */
  int raw(int value) {
    return ((value - least) / step) ^ flip;
  }

  /**
   * Reads raw integers.
   *
   * @param n how many there are
   */
  public void read(byte[] block, int[] out, int at, int n) {
    Arrays.fill(out, at, at + n, 0);
    for (int i = 0; i < planes.size(); i++) {
      planes.get(i).read(block, out, at);
    }
  }

  /** Writes raw integers into a block in which their bits are zero. */
  public void write(int[] raw, int at, byte[] block) {
    for (int i = 0; i < planes.size(); i++) {
      planes.get(i).write(raw, at, block);
    }
  }
}
