package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What some families add to or multiply products with before they are used. */
public final class Sums {
  private Sums() {}

  /**
   * {@code x_t += scale * (y_t + bias)}, one thread per element of the largest batch.
   *
   * @param args the layer, and the tokens of the batch
   * @param floats holds the bias, {@code [size]}, where the directory tells
   * @param y {@code [tokens][size]}
   * @param x {@code [tokens][size]}
   * @param biasPart of the {@link Directory}; if negative, there is no bias
   */
  public static void addTo(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      FloatArray y,
      FloatArray x,
      int biasPart,
      float scale,
      int size) {
    int i = context.globalIdx;
    if (i < args.get(LaunchArgs.TOKENS) * size) {
      float sum = y.get(i);
      if (biasPart >= 0) {
        sum +=
            floats.get(
                directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + biasPart) + i % size);
      }
      x.set(i, x.get(i) + scale * sum);
    }
  }

  /**
   * {@code y_t += bias} in place, one thread per element of {@code rows} tokens.
   *
   * @param args the row of the directory
   * @param floats holds the bias, {@code [size]}, where the directory tells
   * @param y rows of {@code stride}, which begin with what the bias is added to
   * @param biasPart of the {@link Directory}
   */
  public static void addBias(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      FloatArray y,
      int biasPart,
      int size,
      int stride,
      int rows) {
    int row = context.globalIdx / size;
    int i = context.globalIdx - row * size;
    if (row < rows) {
      int bias = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + biasPart);
      y.set(row * stride + i, y.get(row * stride + i) + floats.get(bias + i));
    }
  }
}
