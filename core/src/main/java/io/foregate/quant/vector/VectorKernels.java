package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.PlaneRows;
import java.lang.foreign.MemorySegment;

/**
 * The arithmetic of the CPU backend, in plain Java, with the Vector API, and in machine code;
 * {@link VectorProvider} picks one.
 *
 * <p>Implementations are stateless and thread-safe, and allocate nothing per call. Results of the
 * two agree up to the order of float additions. Weights are row-major: row {@code r} of a matrix of
 * {@code cols} columns begins at {@code wOffset + r * type.byteSize(cols)}; {@code cols} is a
 * multiple of the type's block size.
 *
 * <p>A NaN or infinity in a weight's scale or in an activation reaches every result that depends on
 * it.
 */
public sealed interface VectorKernels permits ScalarKernels, PanamaKernels, AssembledKernels {
  /** Batches of {@link #matMul} that begin at a multiple of this are the fastest. */
  int BATCH_ALIGNMENT = 16;

  /** What {@link #clampedSiluProduct} clamps to. */
  float CLAMPED_LIMIT = 7;

  /** Of the sigmoid in {@link #clampedSiluProduct}. */
  float CLAMPED_STEEPNESS = 1.702f;

  /** "scalar", or what the vector implementation runs on. */
  String name();

  /**
   * How many chains of sums a row's product has (see {@link ExactSums}): 8 or 16. Products with one
   * token, roundings of activations and gated units have the same bits wherever that is the same; 0
   * where they have other bits.
   */
  default int chains() {
    return 0;
  }

  /**
   * Whether products with weights of a type read {@link ActivationRows#blocks} instead of the
   * arrays.
   */
  default boolean readsBlocks(GgmlType weights) {
    return false;
  }

  /**
   * {@code y[yOffset + r] = dot(weight row r, activation row xRow)} for {@code rowBegin <= r <
   * rowEnd}.
   *
   * @param x made for weights of {@code type}, and set with the same {@code cols}
   * @param scratch of the calling thread
   */
  void matVec(
      GgmlType type,
      MemorySegment w,
      long wOffset,
      int cols,
      int rowBegin,
      int rowEnd,
      ActivationRows x,
      int xRow,
      float[] y,
      int yOffset,
      Scratch scratch);

  /**
   * {@code y[b * yStride + yOffset + r] = dot(weight row r, activation row b)} for {@code rowBegin
   * <= r < rowEnd} and {@code b0 <= b < b1}: every weight is decoded once and meets all activation
   * rows.
   *
   * @param x made for weights of {@code type}, and set with the same {@code cols}, rows {@code b0
   *     .. b1 - 1}
   * @param scratch of the calling thread
   */
  void matMul(
      GgmlType type,
      MemorySegment w,
      long wOffset,
      int cols,
      int rowBegin,
      int rowEnd,
      ActivationRows x,
      int b0,
      int b1,
      float[] y,
      int yStride,
      int yOffset,
      Scratch scratch);

  /**
   * Makes ggml's blocks out of planes: see {@link PlaneRows#read}.
   *
   * @param blocks of the whole matrix
   * @param first the first one's number in the matrix
   */
  default void readPlanes(
      GgmlType type, MemorySegment planes, long blocks, long first, int count, MemorySegment out) {
    PlaneRows.read(type, planes, blocks, first, count, out);
  }

  /**
   * {@code C[m][n] = A[m][k] B[k][n]}, or {@code C += A B}: row-major floats, rows {@code lda},
   * {@code ldb} and {@code ldc} elements apart.
   */
  void gemm(
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
      boolean accumulate);

  /** The same, for who keeps arrays' segments: the JIT cannot always do without the objects. */
  default void gemm(
      HeapFloats a,
      int aOffset,
      int lda,
      HeapFloats b,
      int bOffset,
      int ldb,
      HeapFloats c,
      int cOffset,
      int ldc,
      int m,
      int n,
      int k,
      boolean accumulate) {
    gemm(
        a.array(),
        aOffset,
        lda,
        b.array(),
        bOffset,
        ldb,
        c.array(),
        cOffset,
        ldc,
        m,
        n,
        k,
        accumulate);
  }

  /**
   * As {@link #gemm}, where B is a tile of f16 or floats in native memory, its rows without a gap.
   *
   * @param bAt where the tile begins, in bytes
   * @param f16s scratch for {@code k * n} elements; so is {@code tile}
   */
  default void gemmOfTile(
      HeapFloats a,
      int aOffset,
      int lda,
      boolean f16,
      MemorySegment b,
      long bAt,
      short[] f16s,
      float[] tile,
      HeapFloats c,
      int cOffset,
      int ldc,
      int m,
      int n,
      int k,
      boolean accumulate) {
    FloatTiles.read(f16, b, bAt, k * n, f16s, tile);
    gemm(a.array(), aOffset, lda, tile, 0, n, c.array(), cOffset, ldc, m, n, k, accumulate);
  }

  /** The sum of {@code a[aOffset + i] * b[bOffset + i]}. */
  float dot(float[] a, int aOffset, float[] b, int bOffset, int n);

  /** {@code y[yOffset + i] += alpha * x[xOffset + i]}. */
  void axpy(float alpha, float[] x, int xOffset, float[] y, int yOffset, int n);

  /** {@code x[offset + i] *= factor}. */
  void scale(float[] x, int offset, int n, float factor);

  /**
   * {@code out[outOffset + i] = x[xOffset + i] * factor * w[wOffset + i]}: the second half of an
   * RMS norm.
   */
  void scaledProduct(
      float[] x,
      int xOffset,
      float factor,
      float[] w,
      int wOffset,
      float[] out,
      int outOffset,
      int n);

  /** The sum of {@code x[offset + i]} squared. */
  float sumOfSquares(float[] x, int offset, int n);

  /**
   * Replaces {@code x[offset ..]} by its softmax. The exponential is within 1e-6 (relative) of the
   * exact one; -infinity becomes 0; a NaN makes every element NaN.
   */
  void softmax(float[] x, int offset, int n);

  /** Replaces {@code x[offset ..]} by its exponential, within 1e-6 (relative) of the true one. */
  void exp(float[] x, int offset, int n);

  /**
   * {@code out[outOffset + i] = gate / (1 + exp(-gate)) * up}: the product inside a SwiGLU. {@code
   * out} may be either input.
   */
  void siluProduct(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n);

  /**
   * {@code gate[offset + i] = x / (1 + exp(-}{@link #CLAMPED_STEEPNESS}{@code x)) * (y + 1)}: the
   * product inside a clamped SwiGLU. x is gate, at most {@link #CLAMPED_LIMIT}, and y is up, not
   * farther than that from 0.
   */
  default void clampedSiluProduct(float[] gate, float[] up, int offset, int n) {
    for (int i = offset; i < offset + n; i++) {
      float x = Math.min(gate[i], CLAMPED_LIMIT);
      float y = Math.clamp(up[i], -CLAMPED_LIMIT, CLAMPED_LIMIT);
      gate[i] = (float) (x / (1 + Math.exp(-CLAMPED_STEEPNESS * x))) * (y + 1);
    }
  }
}
