package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A loop over rows for each type: {@code y[yo + r]} becomes the dot product of row {@code r} with a
 * row of activations.
 *
 * <p>{@link MethodTable} says why they are called as they are.
 */
final class RowLoops {
  /** Types with a loop here. */
  static final Set<GgmlType> TYPES =
      Collections.unmodifiableSet(
          EnumSet.of(
              GgmlType.F32,
              GgmlType.F16,
              GgmlType.BF16,
              GgmlType.Q8_0,
              GgmlType.Q4_0,
              GgmlType.Q4_1,
              GgmlType.Q5_0,
              GgmlType.Q5_1,
              GgmlType.MXFP4,
              GgmlType.IQ4_NL,
              GgmlType.IQ4_XS));

  private static final MethodHandle[] LOOPS =
      MethodTable.of(
          RowLoops.class,
          MethodType.methodType(
              void.class,
              long.class,
              long.class,
              int.class,
              int.class,
              ActivationRows.class,
              int.class,
              float[].class,
              int.class),
          TYPES);

  private RowLoops() {}

  /**
   * @param first address of the first row
   * @param xo where the row of activations begins
   */
  static void run(
      GgmlType type, long first, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    try {
      LOOPS[type.ordinal()].invokeExact(first, type.byteSize(cols), rows, cols, x, xo, y, yo);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static void f32(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = FloatDots.f32(row + r * bytes, x.values, xo, cols);
    }
  }

  static void f16(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = FloatDots.f16(row + r * bytes, x.values, xo, cols);
    }
  }

  static void bf16(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = FloatDots.bf16(row + r * bytes, x.values, xo, cols);
    }
  }

  static void q80(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = LegacyDots.q80(row + r * bytes, x, xo, cols);
    }
  }

  static void q40(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = LegacyDots.q40(row + r * bytes, x, xo, cols);
    }
  }

  static void q41(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = LegacyDots.q41(row + r * bytes, x, xo, cols);
    }
  }

  static void q50(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = LegacyDots.q50(row + r * bytes, x, xo, cols);
    }
  }

  static void q51(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = LegacyDots.q51(row + r * bytes, x, xo, cols);
    }
  }

  static void mxfp4(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = CodebookDots.mxfp4(row + r * bytes, x, xo, cols);
    }
  }

  static void iq4nl(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = CodebookDots.iq4nl(row + r * bytes, x, xo, cols);
    }
  }

  static void iq4xs(
      long row, long bytes, int rows, int cols, ActivationRows x, int xo, float[] y, int yo) {
    for (int r = 0; r < rows; r++) {
      y[yo + r] = CodebookDots.iq4xs(row + r * bytes, x, xo, cols);
    }
  }
}
