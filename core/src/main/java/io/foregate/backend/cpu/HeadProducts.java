package io.foregate.backend.cpu;

import io.foregate.model.weights.Matrix;
import io.foregate.quant.format.Quants;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.HeapFloats;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;
import java.util.Arrays;
import java.util.List;

/**
 * Products of each head's part of a token with a small matrix of its own, for a batch. A unit of
 * work is a head and a block of tokens, with activations in the worker's own memory: those of all
 * heads of a batch at once would take much.
 *
 * <p>Reusable: set {@link #input} and {@link #output}, then {@link #run}. Allocates nothing.
 */
final class HeadProducts {
  /** Tokens of a unit. */
  private static final int TOKENS = 32;

  final HeadRows input = new HeadRows();
  final HeadRows output = new HeadRows();

  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Scratch[] scratch;
  private final Worker[] workers;
  private final WorkerPool.RangeTask task = this::multiplyUnits;
  private List<Matrix> matrices = List.of();
  private boolean transposed;
  private int tokens;

  /** A worker's memory: what is multiplied, and a matrix as floats. */
  private record Worker(Activations inputs, HeapFloats decoded) {}

  /** Where the heads' parts of a batch's tokens lie. */
  static final class HeadRows {
    private float[] elements = {};

    /** The elements that were last multiplied transposed, which are always the same array. */
    private HeapFloats kept = HeapFloats.of(0);

    private int first;
    private int tokenStride;
    private int headStride;

    /**
     * Element {@code i} of a head of a token is {@code elements[first + token * tokenStride + head
     * * headStride + i]}.
     */
    void set(float[] elements, int first, int tokenStride, int headStride) {
      this.elements = elements;
      this.first = first;
      this.tokenStride = tokenStride;
      this.headStride = headStride;
    }

    private void keep() {
      if (!kept.isOf(elements)) {
        kept = HeapFloats.of(elements);
      }
    }

    private int at(int token, int head) {
      return first + token * tokenStride + head * headStride;
    }
  }

  /**
   * @param widest elements of the longest input
   * @param largest elements of the largest matrix that is multiplied transposed; 0 if none is
   */
  HeadProducts(VectorKernels kernels, WorkerPool pool, Scratch[] scratch, int widest, int largest) {
    this.kernels = kernels;
    this.pool = pool;
    this.scratch = scratch;
    this.workers = new Worker[pool.size()];
    Arrays.setAll(
        workers, i -> new Worker(new Activations(kernels, TOKENS, widest), HeapFloats.of(largest)));
  }

  /**
   * Multiplies.
   *
   * @param matrices one per head
   * @param transposed whether each is multiplied with its columns instead of its rows
   */
  void run(List<Matrix> matrices, boolean transposed, int tokens) {
    this.matrices = matrices;
    this.transposed = transposed;
    this.tokens = tokens;
    if (transposed) {
      input.keep();
      output.keep();
    }
    pool.run(matrices.size() * Math.ceilDiv(tokens, TOKENS), 1, task);
  }

  private void multiplyUnits(int from, int to, int worker) {
    for (int unit = from; unit < to; unit++) {
      int head = unit % matrices.size();
      int token = unit / matrices.size() * TOKENS;
      int count = Math.min(TOKENS, tokens - token);
      if (transposed) {
        multiplyTransposed(head, token, count, worker);
      } else {
        multiply(head, token, count, worker);
      }
    }
  }

  private void multiply(int head, int token, int count, int worker) {
    Matrix w = matrices.get(head);
    ActivationRows x = workers[worker].inputs().of(w.type());
    for (int t = 0; t < count; t++) {
      x.set(input.elements, input.at(token + t, head), w.columns(), t);
    }
    float[] y = output.elements;
    int at = output.at(token, head);
    if (count == 1) {
      kernels.matVec(w.type(), w.data(), 0, w.columns(), 0, w.rows(), x, 0, y, at, scratch[worker]);
    } else {
      kernels.matMul(
          w.type(),
          w.data(),
          0,
          w.columns(),
          0,
          w.rows(),
          x,
          0,
          count,
          y,
          output.tokenStride,
          at,
          scratch[worker]);
    }
  }

  /** A sum of rows, which are decoded; the input is not rounded. */
  private void multiplyTransposed(int head, int token, int count, int worker) {
    Matrix w = matrices.get(head);
    HeapFloats rows = workers[worker].decoded();
    int elements = w.rows() * w.columns();
    Quants.decode(w.type(), w.data(), 0, rows.array(), 0, elements, scratch[worker].block);
    kernels.gemm(
        input.kept,
        input.at(token, head),
        input.tokenStride,
        rows,
        0,
        w.columns(),
        output.kept,
        output.at(token, head),
        output.tokenStride,
        count,
        w.columns(),
        w.rows(),
        false);
  }
}
