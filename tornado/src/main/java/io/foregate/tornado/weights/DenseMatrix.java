package io.foregate.tornado.weights;

/**
 * A matrix of each layer among the dense weights.
 *
 * @param part of the {@link io.foregate.kernels.Directory}, which tells where it is
 * @param type that kernels see, see {@link io.foregate.kernels.Planes}
 */
public record DenseMatrix(int part, int type, int rows, int columns) {}
