package io.foregate.assembly;

/**
 * A vector register.
 *
 * @param number 0 to 31; registers from 16 on, and all of 512 bits, exist with AVX-512 only
 * @param bits how much of it an instruction uses: 128, 256 or 512
 */
public record Vec(int number, int bits) implements Operand {
  public Vec {
    if (number < 0 || number > 31 || (bits != 128 && bits != 256 && bits != 512)) {
      throw new IllegalArgumentException("no register %d of %d bits".formatted(number, bits));
    }
  }

  /** Register {@code xmm<number>}. */
  public static Vec xmm(int number) {
    return new Vec(number, 128);
  }

  /** Register {@code ymm<number>}. */
  public static Vec ymm(int number) {
    return new Vec(number, 256);
  }

  /** Register {@code zmm<number>}. */
  public static Vec zmm(int number) {
    return new Vec(number, 512);
  }

  /** The low 128 bits of the same register. */
  public Vec x() {
    return xmm(number);
  }

  /** The low 256 bits of the same register. */
  public Vec y() {
    return ymm(number);
  }

  /** The same register, all of it. */
  public Vec z() {
    return zmm(number);
  }
}
