package io.foregate.assembly.emulated;

import static io.foregate.assembly.emulated.Registers.RESULT;
import static io.foregate.assembly.emulated.VectorOperation.ints;
import static io.foregate.assembly.emulated.VectorOperation.lowest;

import java.util.Map;
import java.util.function.IntBinaryOperator;

/**
 * Instructions on floats, in lanes of their bits. Rounding is to nearest, nothing is flushed to
 * zero: as Java runs. What becomes of NaNs is told in the manual's volume 1, chapters 4.8.3.5 and
 * 14.5.2.
 */
final class FloatOperations {
  private static final int INDEFINITE = 0xFFC0_0000;
  private static final int QUIET = 0x0040_0000;

  private FloatOperations() {}

  /** An operation on floats. */
  private interface Arithmetic {
    float apply(float a, float b);
  }

  static void addTo(Map<String, VectorOperation> all) {
    IntBinaryOperator add = arithmetic((a, b) -> a + b);
    IntBinaryOperator multiply = arithmetic((a, b) -> a * b);
    IntBinaryOperator divide = arithmetic((a, b) -> a / b);
    all.put("vaddps", ints(add));
    all.put("vaddss", lowest(add));
    all.put("vsubps", ints(arithmetic((a, b) -> a - b)));
    all.put("vmulps", ints(multiply));
    all.put("vmulss", lowest(multiply));
    all.put("vdivps", ints(divide));
    all.put("vdivss", lowest(divide));
    all.put("vmaxps", ints((a, b) -> toFloat(a) > toFloat(b) ? a : b));
    all.put("vminps", ints((a, b) -> toFloat(a) < toFloat(b) ? a : b));
    all.put("vfmadd213ps", ints((to, a, b) -> fma(a, to, b, 0, 0)));
    all.put("vfmsub213ps", ints((to, a, b) -> fma(a, to, b, 0, 1)));
    all.put("vfmadd231ps", FloatOperations::addProducts);
    all.put("vfmadd231ss", lowest((to, a, b) -> fma(a, b, to, 0, 0)));
    all.put("vfnmadd231ps", ints((to, a, b) -> fma(a, b, to, 1, 0)));
    all.put("vdpbf16ps", ints(FloatOperations::dotOfBf16));
    all.put("vhaddps", pairs(add));
    all.put("vcvtdq2ps", ints(a -> Float.floatToRawIntBits(a)));
    all.put("vcvtps2dq", ints(a -> toInt(Math.rint(toFloat(a)))));
    all.put("vcvttps2dq", ints(a -> toInt((double) toFloat(a))));
    all.put("vcvtph2ps", FloatOperations::widen);
    all.put("vcvtps2ph", FloatOperations::narrow);
  }

  /** Sums of neighbours within 128 bits: first those of the second operand, then of the last. */
  static VectorOperation pairs(IntBinaryOperator add) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += 4) {
        int from = (i % 16 < 8 ? a : b) + i / 16 * 16 + i % 8 * 2;
        int sum = add.applyAsInt(Lanes.getInt(r, from), Lanes.getInt(r, from + 4));
        Lanes.setInt(r, RESULT + i, sum);
      }
    };
  }

  private static IntBinaryOperator arithmetic(Arithmetic f) {
    return (a, b) -> {
      float result = f.apply(toFloat(a), toFloat(b));
      return Float.isNaN(result) ? nan(a, b, b) : Float.floatToRawIntBits(result);
    };
  }

  /** With a loop of its own, as it is the one that most code waits for. */
  private static void addProducts(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i += 4) {
      int sum = fma(Lanes.getInt(r, a + i), Lanes.getInt(r, b + i), Lanes.getInt(r, to + i), 0, 0);
      Lanes.setInt(r, RESULT + i, sum);
    }
  }

  /** {@code (-)x * y +- z}; signs are changed where no NaN is. */
  private static int fma(int x, int y, int z, int minusProduct, int minusSum) {
    float first = toFloat(x ^ minusProduct << 31);
    float result = Math.fma(first, toFloat(y), toFloat(z ^ minusSum << 31));
    return Float.isNaN(result) ? nan(x, y, z) : Float.floatToRawIntBits(result);
  }

  /** The first operand that is a NaN, or what there is made of none. */
  private static int nan(int x, int y, int z) {
    if (Float.isNaN(toFloat(x))) {
      return x | QUIET;
    }
    if (Float.isNaN(toFloat(y))) {
      return y | QUIET;
    }
    return Float.isNaN(toFloat(z)) ? z | QUIET : INDEFINITE;
  }

  /** Products of bf16 are floats exactly; what is too small for a normal float is zero. */
  private static int dotOfBf16(int to, int a, int b) {
    int high = flushed(fma(flushed(a & 0xFFFF_0000), flushed(b & 0xFFFF_0000), flushed(to), 0, 0));
    return flushed(fma(flushed(a << 16), flushed(b << 16), high, 0, 0));
  }

  private static int flushed(int a) {
    return Math.abs(toFloat(a)) < Float.MIN_NORMAL ? a & 1 << 31 : a;
  }

  private static float toFloat(int bits) {
    return Float.intBitsToFloat(bits);
  }

  /** A whole number; what no int is, and NaN, is the smallest int. */
  private static int toInt(double value) {
    return value > -0x1p31 - 1 && value < 0x1p31 ? (int) value : Integer.MIN_VALUE;
  }

  private static void widen(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i += 4) {
      short half = Lanes.getShort(r, b + i / 2);
      boolean nan = (half & 0x7FFF) > 0x7C00;
      int sign = half & 1 << 31; // extended
      int bits =
          nan
              ? sign | 0x7FC0_0000 | (half & 0x3FF) << 13
              : Float.floatToRawIntBits(Float.float16ToFloat(half));
      Lanes.setInt(r, RESULT + i, bits);
    }
  }

  private static void narrow(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i += 4) {
      Lanes.setShort(r, RESULT + i / 2, half(Lanes.getInt(r, b + i), immediate));
    }
  }

  /** Rounds by the immediate: to nearest, down, up or toward zero; bit 2 takes MXCSR's, nearest. */
  private static int half(int bits, int immediate) {
    float value = toFloat(bits);
    if (Float.isNaN(value)) {
      return ((bits >>> 16) & 0x8000) | 0x7E00 | ((bits >> 13) & 0x3FF);
    }
    short nearest = Float.floatToFloat16(value);
    float back = Float.float16ToFloat(nearest);
    int mode = (immediate & 4) != 0 ? 0 : immediate & 3;
    boolean down = mode == 1 || (mode == 3 && bits >= 0);
    boolean up = mode == 2 || (mode == 3 && bits < 0);
    if (down && back > value) {
      return nearest == 0 ? 0x8001 : nearest > 0 ? nearest - 1 : nearest + 1;
    }
    if (up && back < value) {
      return nearest == (short) 0x8000 ? 1 : nearest < 0 ? nearest - 1 : nearest + 1;
    }
    return nearest;
  }
}
