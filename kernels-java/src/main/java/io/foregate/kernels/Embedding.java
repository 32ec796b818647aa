package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Rows of the embedding table. */
public final class Embedding {
  /** Length of what {@link #row} multiplies units with. */
  public static final int BASIS = 2 * Planes.UNIT;

  private Embedding() {}

  /**
   * {@code x_t = scale * table[token t]}, one thread per element, decoded by {@link UnitDot} with a
   * unit vector: it is little work, and no second decoder is needed.
   *
   * @param args the row of the directory, and the tokens, see {@link LaunchArgs#FIRST_TOKEN}
   * @param basis {@code [BASIS]}: zeros, but for a one in the middle
   * @param x {@code [tokens][columns]}
   * @param type of the table
   * @param rows of the table
   * @param tokens the largest batch
   */
  public static void row(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      FloatArray basis,
      FloatArray x,
      int type,
      int rows,
      int columns,
      int tokens,
      float scale) {
    int to = context.globalIdx;
    int t = to / columns;
    int i = to - t * columns;
    int base = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + Directory.EMBEDDING);
    if (t < tokens) {
      int token = args.get(LaunchArgs.FIRST_TOKEN + t);
      if (type == Planes.F32) {
        x.set(to, scale * floats.get(base + token * columns + i));
      } else {
        int units = columns / Planes.UNIT;
        int u = token * units + i / Planes.UNIT;
        int at = Planes.UNIT - i % Planes.UNIT;
        x.set(to, scale * UnitDot.dot(type, weights, base, rows * units, u, basis, at));
      }
    }
  }
}
