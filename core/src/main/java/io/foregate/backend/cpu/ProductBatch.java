package io.foregate.backend.cpu;

import io.foregate.backend.ProductListener;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.PlaneTiles;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;

/**
 * Several matrix products as one parallel region: queries, keys and values, or the projections of
 * all experts of a batch. One region instead of many, because starting and joining threads costs as
 * much as a small product.
 *
 * <p>Reusable: {@link #add} products, then {@link #run} once. Allocates nothing.
 */
final class ProductBatch implements WorkerPool.RangeTask {
  /** The fewest rows of a piece of work: a multiple of what the kernels take at once. */
  private static final int CHUNK = 32;

  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Scratch[] scratch;
  private final Matrix[] weights;
  private final ActivationRows[] inputs;
  private final int[] firstToken;
  private final int[] endToken;
  private final float[][] outputs;
  private final int[] strides;
  private final int[] offsets;

  /** Rows of all products up to and including this one. */
  private final int[] endRow;

  private int size;
  private ProductListener listener = ProductListener.NONE;

  ProductBatch(VectorKernels kernels, WorkerPool pool, Scratch[] scratch, int maxProducts) {
    this.kernels = kernels;
    this.pool = pool;
    this.scratch = scratch;
    this.weights = new Matrix[maxProducts];
    this.inputs = new ActivationRows[maxProducts];
    this.firstToken = new int[maxProducts];
    this.endToken = new int[maxProducts];
    this.outputs = new float[maxProducts][];
    this.strides = new int[maxProducts];
    this.offsets = new int[maxProducts];
    this.endRow = new int[maxProducts];
  }

  /** Tells {@code listener} of every product from now on. */
  void listen(ProductListener listener) {
    this.listener = listener;
  }

  /**
   * Adds {@code y[t * stride + r] = dot(w row r, x row t)} for tokens {@code [from, to)} and all
   * rows of {@code w}.
   */
  void add(Matrix w, ActivationRows x, int from, int to, float[] y, int stride) {
    addAt(w, x, from, to, y, stride, 0);
  }

  /** As {@link #add}, with {@code y} shifted by {@code offset}, which may be negative. */
  void addAt(Matrix w, ActivationRows x, int from, int to, float[] y, int stride, int offset) {
    listener.product(w, x, from, to);
    weights[size] = w;
    inputs[size] = x;
    firstToken[size] = from;
    endToken[size] = to;
    outputs[size] = y;
    strides[size] = stride;
    offsets[size] = offset;
    endRow[size] = (size == 0 ? 0 : endRow[size - 1]) + w.rows();
    size++;
  }

  /** Computes the products that were added, and forgets them. */
  void run() {
    for (int i = 0; i < size; i++) {
      if (weights[i].order() == Matrix.Order.PLANES) {
        PlaneTiles.prepare(kernels, weights[i].type(), inputs[i], firstToken[i], endToken[i]);
      }
    }
    pool.run(endRow[size - 1], CHUNK, this);
    size = 0;
  }

  @Override
  public void run(int from, int to, int worker) {
    int begin = 0;
    for (int i = 0; i < size && begin < to; i++) {
      int first = Math.max(from, begin);
      int last = Math.min(to, endRow[i]);
      if (first < last) {
        multiply(i, first - begin, last - begin, worker);
      }
      begin = endRow[i];
    }
  }

  private void multiply(int i, int firstRow, int endRow, int worker) {
    Matrix w = weights[i];
    if (w.order() == Matrix.Order.PLANES) {
      PlaneTiles.multiply(
          kernels,
          w.type(),
          w.data(),
          w.rows(),
          w.columns(),
          firstRow,
          endRow,
          inputs[i],
          firstToken[i],
          endToken[i],
          outputs[i],
          strides[i],
          offsets[i],
          scratch[worker]);
    } else if (endToken[i] - firstToken[i] == 1) {
      int out = firstToken[i] * strides[i] + offsets[i];
      kernels.matVec(
          w.type(),
          w.data(),
          0,
          w.columns(),
          firstRow,
          endRow,
          inputs[i],
          firstToken[i],
          outputs[i],
          out,
          scratch[worker]);
    } else {
      kernels.matMul(
          w.type(),
          w.data(),
          0,
          w.columns(),
          firstRow,
          endRow,
          inputs[i],
          firstToken[i],
          endToken[i],
          outputs[i],
          strides[i],
          offsets[i],
          scratch[worker]);
    }
  }
}
