package io.foregate.assembly;

/**
 * Memory at {@code base + index * scale + displacement}, or at a label of the code itself.
 *
 * @param base null if {@code label} is given
 * @param index null for none; never {@link Gpr#RSP}, which no encoding can say
 * @param scale 1, 2, 4 or 8
 * @param label null unless the address is one of the code's own
 */
public record Address(Gpr base, Gpr index, int scale, int displacement, Label label)
    implements Operand {
  public Address {
    if ((base == null) == (label == null) || index == Gpr.RSP) {
      throw new IllegalArgumentException(
          "no such address: base %s, index %s".formatted(base, index));
    }
    if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
      throw new IllegalArgumentException("a scale is 1, 2, 4 or 8, not " + scale);
    }
  }

  /** Memory at {@code base}. */
  public static Address at(Gpr base) {
    return new Address(base, null, 1, 0, null);
  }

  /** Memory at {@code base + displacement}. */
  public static Address at(Gpr base, int displacement) {
    return new Address(base, null, 1, displacement, null);
  }

  /** Memory at {@code base + index * scale + displacement}. */
  public static Address at(Gpr base, Gpr index, int scale, int displacement) {
    return new Address(base, index, scale, displacement, null);
  }

  /** What the code keeps behind {@code label}, found relative to the instruction. */
  public static Address of(Label label) {
    return new Address(null, null, 1, 0, label);
  }

  /** The same, {@code bytes} further. */
  public Address plus(int bytes) {
    return new Address(base, index, scale, displacement + bytes, label);
  }
}
