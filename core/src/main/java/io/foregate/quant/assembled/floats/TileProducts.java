package io.foregate.quant.assembled.floats;

import static java.lang.foreign.MemorySegment.ofArray;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.foregate.quant.assembled.function.FunctionRunner;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.WrittenFunctions;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import java.util.Optional;

/**
 * Products of rows of floats with a matrix of f16 or floats: attention's scores and its weighted
 * sums, and what is learnt. Lives as long as the process. Thread-safe.
 */
public final class TileProducts {
  @SuppressWarnings("restricted")
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(
                  ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG,
                  JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG),
              Linker.Option.critical(true));

  /** Elements of B of a call: they stay in a cache, and a call holds up safepoints. */
  private static final int PANEL = 1 << 15;

  /** A panel's columns are some of these. */
  private static final int WIDE = 64;

  /** Numbers of rows for which there are functions: 1, 2 and 4. */
  private static final int LOGS = Integer.numberOfTrailingZeros(GemmFrame.MAX_ROWS) + 1;

  /** Functions by the logarithm of their rows: first those for floats, then those for f16. */
  private final WrittenFunctions functions;

  private TileProducts(InstructionSet set, FunctionRunner runner) {
    this.functions =
        new WrittenFunctions(2 * LOGS, i -> GemmFrame.write(set, 1 << i % LOGS, i >= LOGS), runner);
  }

  /** Products for an instruction set that the CPU has; empty if the system lets no code be run. */
  public static Optional<TileProducts> of(InstructionSet set) {
    return WrittenFunctions.arePossible()
        ? Optional.of(new TileProducts(set, null))
        : Optional.empty();
  }

  /** The same for any instruction set, with what runs the functions. */
  public static TileProducts elsewhere(InstructionSet set, FunctionRunner runner) {
    return new TileProducts(set, runner);
  }

  /**
   * {@code C[m][n] = A[m][k] B[k][n]}, or {@code C += A B}. Rows of A, B and C are {@code lda},
   * {@code ldb} and {@code ldc} elements apart.
   *
   * @param a floats, as c; on the heap or not
   * @param b f16 or floats; {@code bAt} counts bytes
   * @throws IndexOutOfBoundsException if one of the memories is too small
   * @throws IllegalArgumentException if one of the sizes is not positive
   */
  public void multiply(
      MemorySegment a,
      int aOffset,
      int lda,
      boolean f16,
      MemorySegment b,
      long bAt,
      int ldb,
      MemorySegment c,
      int cOffset,
      int ldc,
      int m,
      int n,
      int k,
      boolean accumulate) {
    requirePositive(m, n, k);
    Objects.checkFromIndexSize(4L * aOffset, 4 * ((m - 1L) * lda + k), a.byteSize());
    Objects.checkFromIndexSize(4L * cOffset, 4 * ((m - 1L) * ldc + n), c.byteSize());
    int bytes = f16 ? 2 : 4;
    Objects.checkFromIndexSize(bAt, bytes * ((k - 1L) * ldb + n), b.byteSize());
    int panel = panel(k);
    for (int column = 0; column < n; column += panel) {
      int rows;
      for (int row = 0; row < m; row += rows) {
        rows = rowsAtOnce(m - row);
        call(
            (f16 ? LOGS : 0) + Integer.numberOfTrailingZeros(rows),
            b,
            bAt + (long) bytes * column,
            (long) bytes * ldb,
            k,
            Math.min(panel, n - column),
            a,
            4L * (aOffset + (long) row * lda),
            4L * lda,
            c,
            4L * (cOffset + column + (long) row * ldc),
            4L * ldc,
            accumulate ? 1L : 0L);
      }
    }
  }

  /** The same where all are arrays of floats. */
  public void multiply(
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int cOffset,
      int ldc,
      int m,
      int n,
      int k,
      boolean accumulate) {
    requirePositive(m, n, k);
    Objects.checkFromIndexSize(aOffset, (m - 1L) * lda + k, a.length);
    Objects.checkFromIndexSize(bOffset, (k - 1L) * ldb + n, b.length);
    Objects.checkFromIndexSize(cOffset, (m - 1L) * ldc + n, c.length);
    int panel = panel(k);
    for (int column = 0; column < n; column += panel) {
      int rows;
      for (int row = 0; row < m; row += rows) {
        rows = rowsAtOnce(m - row);
        call(
            Integer.numberOfTrailingZeros(rows),
            b,
            4L * (bOffset + column),
            4L * ldb,
            k,
            Math.min(panel, n - column),
            a,
            4L * (aOffset + (long) row * lda),
            4L * lda,
            c,
            4L * (cOffset + column + (long) row * ldc),
            4L * ldc,
            accumulate ? 1L : 0L);
      }
    }
  }

  private static void requirePositive(int m, int n, int k) {
    if (n <= 0 || m <= 0 || k <= 0) {
      throw new IllegalArgumentException("%d x %d x %d elements".formatted(m, n, k));
    }
  }

  /** Columns of B that meet all rows before the next ones. */
  private static int panel(int k) {
    return Math.max(1, PANEL / k / WIDE) * WIDE;
  }

  private static int rowsAtOnce(int rows) {
    return Math.min(GemmFrame.MAX_ROWS, Integer.highestOneBit(rows));
  }

  private void call(
      int number,
      MemorySegment b,
      long bAt,
      long bStride,
      long k,
      long n,
      MemorySegment a,
      long aAt,
      long aStride,
      MemorySegment c,
      long cAt,
      long cStride,
      long accumulate) {
    if (functions.areElsewhere()) {
      functions.call(
          number, c, b, bAt, bStride, k, n, a, aAt, aStride, c, cAt, cStride, accumulate);
      return;
    }
    try {
      CALL.invokeExact(
          functions.get(number),
          b,
          bAt,
          bStride,
          k,
          n,
          a,
          aAt,
          aStride,
          c,
          cAt,
          cStride,
          accumulate);
    } catch (RuntimeException | Error e) { // such as memory that was closed
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Makes the arrays' segments, which are no objects if nothing else is done with them. */
  private void call(
      int number,
      float[] b,
      long bAt,
      long bStride,
      long k,
      long n,
      float[] a,
      long aAt,
      long aStride,
      float[] c,
      long cAt,
      long cStride,
      long accumulate) {
    if (functions.areElsewhere()) {
      call(
          number,
          ofArray(b),
          bAt,
          bStride,
          k,
          n,
          ofArray(a),
          aAt,
          aStride,
          ofArray(c),
          cAt,
          cStride,
          accumulate);
      return;
    }
    try {
      CALL.invokeExact(
          functions.get(number),
          ofArray(b),
          bAt,
          bStride,
          k,
          n,
          ofArray(a),
          aAt,
          aStride,
          ofArray(c),
          cAt,
          cStride,
          accumulate);
    } catch (RuntimeException | Error e) { // such as memory that was closed
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
