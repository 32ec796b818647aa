package io.foregate.kernels;

/**
 * IEEE 754 binary16 (f16) numbers in integer arithmetic, for devices without a type for them (and
 * because TornadoVM 5.2 compiles neither {@code Float.float16ToFloat} nor {@code intBitsToFloat} of
 * a computed value). Exact: every factor is a power of two. Finite numbers only.
 */
public final class F16Bits {
  private static final float TWO_TO_MINUS_25 = 0x1p-25f;

  private F16Bits() {}

  /** The number whose bits are the low 16 of {@code bits}. */
  public static float decode(int bits) {
    int exponent = (bits >> 10) & 31;
    int mantissa = bits & 1023;
    if (exponent > 0) {
      mantissa += 1024;
    } else {
      exponent = 1;
    }
    float value = mantissa * (float) (1 << exponent) * TWO_TO_MINUS_25;
    return (bits & 0x8000) != 0 ? -value : value;
  }

  /**
   * The bits of the f16 nearest to {@code value}, ties to even.
   *
   * @param value of a magnitude below 65520
   */
  public static int encode(float value) {
    float magnitude = value < 0 ? -value : value;
    int exponent = 1;
    float limit = 0x1p-13f; // the first magnitude beyond exponent 1
    float toInteger = 0x1p24f; // makes an integer below 2048 of a mantissa with that exponent
    for (int i = 1; i < 30; i++) {
      if (magnitude >= limit) {
        exponent++;
        limit *= 2;
        toInteger *= 0.5f;
      }
    }
    float scaled = magnitude * toInteger;
    int mantissa = (int) scaled;
    float rest = scaled - mantissa;
    if (rest == 0.5f) {
      mantissa += mantissa & 1;
    }
    if (rest > 0.5f) {
      mantissa++;
    }
    // A mantissa of 1024 or more carries into the exponent; a smaller one is subnormal.
    int bits = ((exponent - 1) << 10) + mantissa;
    return value < 0 ? bits | 0x8000 : bits;
  }
}
