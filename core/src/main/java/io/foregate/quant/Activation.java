package io.foregate.quant;

import io.foregate.gguf.GgmlType;

/**
 * Rows of activations as matrix products want them: rounded or quantized to ggml's {@code
 * vec_dot_type} of the weights that they are about to meet.
 *
 * <p>Reusable: {@link #set} overwrites a row and allocates nothing. Not thread-safe, except that
 * threads may set different rows at the same time; a product must see them set (happens-before is
 * the caller's business).
 */
public final class Activation {
  /** Elements that share a scale in Q8_0 and Q8_1. */
  static final int BLOCK = 32;

  private final VectorKernels kernels;
  private final int rows;
  private final int maxCols;
  private GgmlType dotType;
  private int cols;

  /** What the quantized elements stand for, {@code [rows][maxCols]}. */
  final float[] values;

  /**
   * Integer codes -127..127 (Q8_K: -128..127), {@code [rows][maxCols]}; unused by F32, F16 and
   * BF16.
   */
  final short[] codes;

  /** One scale per 32 elements, {@code [rows][maxCols / 32]}; Q8_K repeats its one scale. */
  final float[] scales;

  /**
   * Sums of 32 elements' values as ggml stores them (Q8_1 rounds them to fp16), {@code
   * [rows][maxCols / 32]}.
   */
  final float[] sums32;

  /** Sums of 16 elements' values, {@code [rows][maxCols / 16]}; Q8_K only. */
  final float[] sums16;

  /**
   * {@link #codes} as {@link Pairs#pack} arranges them, {@code [rows][maxCols / 2]}; Q8_K only, and
   * empty where nothing reads it, as are both sums of codes.
   */
  final int[] pairs;

  /** Sums of 16 codes, {@code [rows][maxCols / 16]}. */
  final int[] codeSums16;

  /** Sums of 32 codes, {@code [rows][maxCols / 32]}. */
  final int[] codeSums32;

  /**
   * {@link #values} once more for products of batches, {@code [rows / N][maxCols][N]} with N the
   * lanes of a vector: element i of N rows side by side. Empty where nothing reads it.
   */
  final float[] panels;

  /**
   * @param kernels the products that will read this
   * @param rows how many rows it can hold
   * @param maxCols longest row
   */
  public Activation(VectorKernels kernels, int rows, int maxCols) {
    this.kernels = kernels;
    this.rows = rows;
    this.maxCols = Math.ceilDiv(maxCols, UnpackedBlock.MAX_BLOCK) * UnpackedBlock.MAX_BLOCK;
    int elements = Math.multiplyExact(rows, this.maxCols);
    this.values = new float[elements];
    this.codes = new short[elements];
    this.scales = new float[elements / BLOCK];
    this.sums32 = new float[elements / BLOCK];
    this.sums16 = new float[elements / 16];
    int packed = kernels instanceof PanamaKernels ? elements : 0;
    this.pairs = new int[packed / 2];
    this.codeSums16 = new int[packed / 16];
    this.codeSums32 = new int[packed / BLOCK];
    this.panels =
        switch (kernels) {
          case PanamaKernels _ when rows > PanamaMatMul.FEW ->
              new float[Math.multiplyExact(Math.ceilDiv(rows, Lanes.N) * Lanes.N, this.maxCols)];
          case PanamaKernels _, ScalarKernels _ -> new float[0];
        };
  }

  /** Rows that fit. */
  public int rows() {
    return rows;
  }

  /** The type of the last {@link #set}; null before. */
  public GgmlType dotType() {
    return dotType;
  }

  /** The length given to the last {@link #set}. */
  public int cols() {
    return cols;
  }

  /** Where row {@code row} begins in the arrays of elements. */
  int start(int row) {
    return row * maxCols;
  }

  /** Where panel {@code panel} begins in {@link #panels}. */
  int panelStart(int panel) {
    return panel * maxCols * Lanes.N;
  }

  /**
   * Stores {@code src[srcOffset .. srcOffset + cols)} as row {@code row}. All rows that one product
   * reads must have been set with the same {@code dotType} and {@code cols}.
   *
   * @param dotType {@link Quants#dotType} of the weights
   * @throws IllegalArgumentException if {@code cols} is no multiple of the type's block size or too
   *     long
   */
  public void set(GgmlType dotType, float[] src, int srcOffset, int cols, int row) {
    if (cols > maxCols || cols % dotType.blockSize() != 0) {
      throw new IllegalArgumentException(
          "a row of "
              + cols
              + " elements does not fit: at most "
              + maxCols
              + ", a multiple of "
              + dotType.blockSize());
    }
    this.dotType = dotType;
    this.cols = cols;
    switch (kernels) {
      case PanamaKernels _ -> {
        PanamaActivations.set(this, dotType, src, srcOffset, cols, start(row));
        if (panels.length > 0) {
          intoPanel(row, cols);
        }
      }
      case ScalarKernels _ ->
          ScalarActivations.set(this, dotType, src, srcOffset, cols, start(row));
    }
  }

  /** Adds the squares of a row's values to {@code sums[offset ..]}. */
  public void addSquares(int row, float[] sums, int offset) {
    int from = start(row);
    for (int i = 0; i < cols; i++) {
      sums[offset + i] += values[from + i] * values[from + i];
    }
  }

  private void intoPanel(int row, int cols) {
    int from = start(row);
    int to = panelStart(row / Lanes.N) + row % Lanes.N;
    for (int i = 0; i < cols; i++) {
      panels[to + i * Lanes.N] = values[from + i];
    }
  }
}
