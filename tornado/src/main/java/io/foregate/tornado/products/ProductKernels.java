package io.foregate.tornado.products;

import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseMatrix;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * One variant of the kernels that multiply weights with tokens: with one alone ({@code MatVec...}),
 * or with those of a batch ({@code MatMul...}). A batch's launches are as large as the largest
 * batch wants; launch arguments tell how many tokens there are.
 *
 * <p>A new variant is a class of this, the kernels that it launches, and what it is in {@link
 * MatVecVariant} or {@link MatMulVariant}: trials, buffers and graphs follow.
 */
public interface ProductKernels extends NetworkKernels {

  /**
   * {@code y_t = W x_t}, or {@code y_t += W x_t}.
   *
   * @param x of each token as many elements as the matrix has columns
   */
  void product(Stage stage, String task, FloatArray x, DenseMatrix w, ProductOutput y);

  /**
   * Queries, keys and values.
   *
   * @param x of each token as many elements as the matrices have columns
   * @param y of each token the three results one behind the other
   */
  void input(Stage stage, FloatArray x, QkvMatrices w, FloatArray y);
}
