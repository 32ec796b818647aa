package io.foregate.assembly.emulated;

import static io.foregate.assembly.emulated.Registers.RESULT;

import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;

/**
 * What an instruction makes of vectors, as bytes from {@link Registers#RESULT} on, which are zero
 * before.
 */
@FunctionalInterface
interface VectorOperation {
  /**
   * Makes the result.
   *
   * @param r the registers' bytes
   * @param to where the first operand is, as it was before
   * @param a where the second of three operands is
   * @param b where the last operand is
   * @param bytes of the instruction's vectors
   */
  void apply(byte[] r, int to, int a, int b, int bytes, int immediate);

  /** Of three ints. */
  interface Ternary {
    int apply(int to, int a, int b);
  }

  /** Each lane of 32 bits, of those of both sources. */
  static VectorOperation ints(IntBinaryOperator f) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += 4) {
        Lanes.setInt(r, RESULT + i, f.applyAsInt(Lanes.getInt(r, a + i), Lanes.getInt(r, b + i)));
      }
    };
  }

  /** Each lane of 32 bits, of that of the only source. */
  static VectorOperation ints(IntUnaryOperator f) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += 4) {
        Lanes.setInt(r, RESULT + i, f.applyAsInt(Lanes.getInt(r, b + i)));
      }
    };
  }

  /** Each lane of 32 bits, also of what it was. */
  static VectorOperation ints(Ternary f) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += 4) {
        int was = Lanes.getInt(r, to + i);
        Lanes.setInt(r, RESULT + i, f.apply(was, Lanes.getInt(r, a + i), Lanes.getInt(r, b + i)));
      }
    };
  }

  /** The lowest 32 bits; the others are those of the second operand. */
  static VectorOperation lowest(IntBinaryOperator f) {
    return (r, to, a, b, bytes, immediate) -> {
      System.arraycopy(r, a, r, RESULT, 16);
      Lanes.setInt(r, RESULT, f.applyAsInt(Lanes.getInt(r, a), Lanes.getInt(r, b)));
    };
  }

  /** The lowest 32 bits; the others are as they were. */
  static VectorOperation lowest(Ternary f) {
    return (r, to, a, b, bytes, immediate) -> {
      System.arraycopy(r, to, r, RESULT, 16);
      Lanes.setInt(r, RESULT, f.apply(Lanes.getInt(r, to), Lanes.getInt(r, a), Lanes.getInt(r, b)));
    };
  }

  /** Each lane of 16 bits, of those of both sources, with their signs. */
  static VectorOperation words(IntBinaryOperator f) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += 2) {
        int result = f.applyAsInt(Lanes.getShort(r, a + i), Lanes.getShort(r, b + i));
        Lanes.setShort(r, RESULT + i, result);
      }
    };
  }

  /** Each byte, of those of both sources, with their signs. */
  static VectorOperation each(IntBinaryOperator f) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i++) {
        r[RESULT + i] = (byte) f.applyAsInt(r[a + i], r[b + i]);
      }
    };
  }

  /** Each lane of 64 bits. */
  static VectorOperation longs(LongBinaryOperator f) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += 8) {
        Lanes.setLong(
            r, RESULT + i, f.applyAsLong(Lanes.getLong(r, a + i), Lanes.getLong(r, b + i)));
      }
    };
  }
}
