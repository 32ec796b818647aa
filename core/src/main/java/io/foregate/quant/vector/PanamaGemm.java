package io.foregate.quant.vector;

import static io.foregate.quant.vector.Lanes.N;
import static io.foregate.quant.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * Small float matrix products with the Vector API: {@code C[m][n] (+)= A[m][k] B[k][n]}, row-major.
 * Blocks of four rows by four vectors stay in registers, so that each load of B serves four rows
 * and each element of A four vectors.
 */
final class PanamaGemm {
  private static final int PANEL = 4 * N;
  private static final int ROWS = 4;

  private PanamaGemm() {}

  static void gemm(
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
    int row = 0;
    for (; row + ROWS <= m; row += ROWS) {
      int at = aOffset + row * lda;
      int ct = cOffset + row * ldc;
      int col = 0;
      for (; col + PANEL <= n; col += PANEL) {
        panel4(a, at, lda, b, bOffset + col, ldb, c, ct + col, ldc, k, accumulate);
      }
      for (; col + N <= n; col += N) {
        vector4(a, at, lda, b, bOffset + col, ldb, c, ct + col, ldc, k, accumulate);
      }
      for (int r = 0; r < ROWS; r++) {
        tail(a, at + r * lda, b, bOffset, ldb, c, ct + r * ldc, col, n, k, accumulate);
      }
    }
    for (; row < m; row++) {
      int at = aOffset + row * lda;
      int ct = cOffset + row * ldc;
      int col = 0;
      for (; col + PANEL <= n; col += PANEL) {
        panel1(a, at, b, bOffset + col, ldb, c, ct + col, k, accumulate);
      }
      for (; col + N <= n; col += N) {
        vector1(a, at, b, bOffset + col, ldb, c, ct + col, k, accumulate);
      }
      tail(a, at, b, bOffset, ldb, c, ct, col, n, k, accumulate);
    }
  }

  private static FloatVector start(float[] c, int at, boolean accumulate) {
    return accumulate ? load(c, at) : Lanes.zero();
  }

  /** Four rows by four vectors: sixteen accumulators. */
  private static void panel4(
      float[] a,
      int at,
      int lda,
      float[] b,
      int bt,
      int ldb,
      float[] c,
      int ct,
      int ldc,
      int k,
      boolean accumulate) {
    FloatVector c00 = start(c, ct, accumulate);
    FloatVector c01 = start(c, ct + N, accumulate);
    FloatVector c02 = start(c, ct + 2 * N, accumulate);
    FloatVector c03 = start(c, ct + 3 * N, accumulate);
    FloatVector c10 = start(c, ct + ldc, accumulate);
    FloatVector c11 = start(c, ct + ldc + N, accumulate);
    FloatVector c12 = start(c, ct + ldc + 2 * N, accumulate);
    FloatVector c13 = start(c, ct + ldc + 3 * N, accumulate);
    FloatVector c20 = start(c, ct + 2 * ldc, accumulate);
    FloatVector c21 = start(c, ct + 2 * ldc + N, accumulate);
    FloatVector c22 = start(c, ct + 2 * ldc + 2 * N, accumulate);
    FloatVector c23 = start(c, ct + 2 * ldc + 3 * N, accumulate);
    FloatVector c30 = start(c, ct + 3 * ldc, accumulate);
    FloatVector c31 = start(c, ct + 3 * ldc + N, accumulate);
    FloatVector c32 = start(c, ct + 3 * ldc + 2 * N, accumulate);
    FloatVector c33 = start(c, ct + 3 * ldc + 3 * N, accumulate);
    for (int i = 0; i < k; i++) {
      int bi = bt + i * ldb;
      FloatVector b0 = load(b, bi);
      FloatVector b1 = load(b, bi + N);
      FloatVector b2 = load(b, bi + 2 * N);
      FloatVector b3 = load(b, bi + 3 * N);
      FloatVector ai = Lanes.broadcast(a[at + i]);
      c00 = ai.fma(b0, c00);
      c01 = ai.fma(b1, c01);
      c02 = ai.fma(b2, c02);
      c03 = ai.fma(b3, c03);
      ai = Lanes.broadcast(a[at + lda + i]);
      c10 = ai.fma(b0, c10);
      c11 = ai.fma(b1, c11);
      c12 = ai.fma(b2, c12);
      c13 = ai.fma(b3, c13);
      ai = Lanes.broadcast(a[at + 2 * lda + i]);
      c20 = ai.fma(b0, c20);
      c21 = ai.fma(b1, c21);
      c22 = ai.fma(b2, c22);
      c23 = ai.fma(b3, c23);
      ai = Lanes.broadcast(a[at + 3 * lda + i]);
      c30 = ai.fma(b0, c30);
      c31 = ai.fma(b1, c31);
      c32 = ai.fma(b2, c32);
      c33 = ai.fma(b3, c33);
    }
    c00.intoArray(c, ct);
    c01.intoArray(c, ct + N);
    c02.intoArray(c, ct + 2 * N);
    c03.intoArray(c, ct + 3 * N);
    c10.intoArray(c, ct + ldc);
    c11.intoArray(c, ct + ldc + N);
    c12.intoArray(c, ct + ldc + 2 * N);
    c13.intoArray(c, ct + ldc + 3 * N);
    c20.intoArray(c, ct + 2 * ldc);
    c21.intoArray(c, ct + 2 * ldc + N);
    c22.intoArray(c, ct + 2 * ldc + 2 * N);
    c23.intoArray(c, ct + 2 * ldc + 3 * N);
    c30.intoArray(c, ct + 3 * ldc);
    c31.intoArray(c, ct + 3 * ldc + N);
    c32.intoArray(c, ct + 3 * ldc + 2 * N);
    c33.intoArray(c, ct + 3 * ldc + 3 * N);
  }

  private static void vector4(
      float[] a,
      int at,
      int lda,
      float[] b,
      int bt,
      int ldb,
      float[] c,
      int ct,
      int ldc,
      int k,
      boolean accumulate) {
    FloatVector c0 = start(c, ct, accumulate);
    FloatVector c1 = start(c, ct + ldc, accumulate);
    FloatVector c2 = start(c, ct + 2 * ldc, accumulate);
    FloatVector c3 = start(c, ct + 3 * ldc, accumulate);
    for (int i = 0; i < k; i++) {
      FloatVector bi = load(b, bt + i * ldb);
      c0 = bi.fma(Lanes.broadcast(a[at + i]), c0);
      c1 = bi.fma(Lanes.broadcast(a[at + lda + i]), c1);
      c2 = bi.fma(Lanes.broadcast(a[at + 2 * lda + i]), c2);
      c3 = bi.fma(Lanes.broadcast(a[at + 3 * lda + i]), c3);
    }
    c0.intoArray(c, ct);
    c1.intoArray(c, ct + ldc);
    c2.intoArray(c, ct + 2 * ldc);
    c3.intoArray(c, ct + 3 * ldc);
  }

  private static void panel1(
      float[] a, int at, float[] b, int bt, int ldb, float[] c, int ct, int k, boolean accumulate) {
    FloatVector c0 = start(c, ct, accumulate);
    FloatVector c1 = start(c, ct + N, accumulate);
    FloatVector c2 = start(c, ct + 2 * N, accumulate);
    FloatVector c3 = start(c, ct + 3 * N, accumulate);
    for (int i = 0; i < k; i++) {
      int bi = bt + i * ldb;
      FloatVector ai = Lanes.broadcast(a[at + i]);
      c0 = ai.fma(load(b, bi), c0);
      c1 = ai.fma(load(b, bi + N), c1);
      c2 = ai.fma(load(b, bi + 2 * N), c2);
      c3 = ai.fma(load(b, bi + 3 * N), c3);
    }
    c0.intoArray(c, ct);
    c1.intoArray(c, ct + N);
    c2.intoArray(c, ct + 2 * N);
    c3.intoArray(c, ct + 3 * N);
  }

  private static void vector1(
      float[] a, int at, float[] b, int bt, int ldb, float[] c, int ct, int k, boolean accumulate) {
    FloatVector sum = start(c, ct, accumulate);
    for (int i = 0; i < k; i++) {
      FloatVector ai = Lanes.broadcast(a[at + i]);
      sum = ai.fma(load(b, bt + i * ldb), sum);
    }
    sum.intoArray(c, ct);
  }

  /** The columns that do not fill a vector. */
  private static void tail(
      float[] a,
      int at,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int ct,
      int firstColumn,
      int n,
      int k,
      boolean accumulate) {
    for (int col = firstColumn; col < n; col++) {
      float sum = accumulate ? c[ct + col] : 0;
      for (int i = 0; i < k; i++) {
        sum += a[at + i] * b[bOffset + i * ldb + col];
      }
      c[ct + col] = sum;
    }
  }
}
