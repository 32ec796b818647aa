package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products of a resident matrix with the tokens of a batch, see {@link Tiles}. */
public final class MatMul {
  private MatMul() {}

  /**
   * {@code y_t = W x_t}, or {@code y_t += W x_t}, for each token {@code t} of a batch. {@code
   * Tiles.ofRows(rows) * Tiles.ofTokens(the largest batch)} groups of {@link Tiles#LANES}.
   *
   * @param args the layer whose matrix it is, and the tokens of the batch
   * @param weights words of matrices in {@link Planes}
   * @param floats F32 matrices, row after row
   * @param x {@code [tokens][columns]}
   * @param y rows of {@code stride}: the token's result begins at element {@code at} of its row
   * @param part of the {@link Directory}
   * @param type of the matrix: {@link Planes#F32} or one that planes support
   * @param columns a multiple of 32, of 256 for K-quants; of F32 matrices any number
   * @param add 1 to add to what {@code y} holds, else 0
   */
  public static void product(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      FloatArray x,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int stride,
      int at,
      int add) {
    int tiles = Tiles.ofRows(rows);
    int tile = context.groupIdx / tiles;
    int firstRow = (context.groupIdx - tile * tiles) * Tiles.ROWS;
    int first = tile * Tiles.TOKENS;
    int count = TornadoMath.min(args.get(LaunchArgs.TOKENS) - first, Tiles.TOKENS);
    int base = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + part);
    Tiles.multiply(
        context,
        type,
        weights,
        floats,
        base,
        rows,
        columns,
        firstRow,
        x,
        y,
        stride,
        at,
        args,
        first,
        count,
        0,
        1,
        add,
        0,
        UnitFunctions.SILU);
  }
}
