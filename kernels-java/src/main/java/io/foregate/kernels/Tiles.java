package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of a matrix with several vectors, tile by tile: a work group decodes each weight of
 * {@link #ROWS} rows once and multiplies it with up to {@link #TOKENS} tokens.
 *
 * <p>A chunk of {@value #CHUNK} columns at a time is in local memory, weights and activations with
 * their column first. A thread owns blocks of 2 rows and 4 tokens: 6 numbers read for 8 products.
 * Sums stay in local memory from chunk to chunk, so that any number of threads does.
 */
public final class Tiles {
  /** Rows of the matrix that one group multiplies. */
  public static final int ROWS = 32;

  /** Tokens that one group multiplies. */
  public static final int TOKENS = 32;

  /** Threads of a group that have one block each. */
  public static final int LANES = 128;

  /** {@code y = W x}. */
  public static final int STORE = 0;

  /** {@code y += W x}. */
  public static final int ADD = 1;

  /** {@code y = unit(y, W x)}, see {@link UnitFunctions}. */
  public static final int UNIT = 2;

  private static final int CHUNK = 64;

  /** Numbers from column to column in local memory: odd, so that neighbours lie in other banks. */
  private static final int PITCH = 33;

  private static final int PAIRS = ROWS / 2;
  private static final int BLOCKS = PAIRS * TOKENS / 4;

  private Tiles() {}

  /** Groups that so many rows need for each tile of tokens. */
  public static int ofRows(int rows) {
    return (rows + ROWS - 1) / ROWS;
  }

  /** Tiles that hold so many tokens. */
  public static int ofTokens(int tokens) {
    return (tokens + TOKENS - 1) / TOKENS;
  }

  /**
   * One tile. Of its token {@code i}, {@code x} is row {@code o / share} and the result goes to row
   * {@code o}, where {@code o} is {@code list[first + i]} or, if not gathered, {@code first + i}.
   *
   * @param type of the matrix: {@link Planes#F32} or one that planes support
   * @param words memory that holds the matrix, if it is not F32
   * @param floats likewise, if it is
   * @param base the matrix's first element there
   * @param firstRow of the tile
   * @param x rows of {@code columns}
   * @param y rows of {@code stride}, in which the result begins at element {@code offset}
   * @param count tokens of the tile; if it is not positive, nothing is done
   * @param gathered 1 or 0
   * @param mode {@link #STORE}, {@link #ADD} or {@link #UNIT}
   * @param bias first element in {@code floats} of what is added to the product, by row, where
   *     {@code unit} says so
   * @param unit see {@link UnitFunctions}
   */
  static void multiply(
      KernelContext context,
      int type,
      IntArray words,
      FloatArray floats,
      int base,
      int rows,
      int columns,
      int firstRow,
      FloatArray x,
      FloatArray y,
      int stride,
      int offset,
      IntArray list,
      int first,
      int count,
      int gathered,
      int share,
      int mode,
      int bias,
      int unit) {
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] weights = context.allocateFloatLocalArray(CHUNK * PITCH);
    float[] inputs = context.allocateFloatLocalArray(CHUNK * PITCH);
    float[] sums = context.allocateFloatLocalArray(8 * BLOCKS);
    int unitsPerRow = columns / Planes.UNIT;
    int units = rows * unitsPerRow;
    int quads = (count + 3) / 4;
    int blocks = quads * PAIRS;
    int end = count > 0 ? columns : 0;
    for (int i = lane; i < 8 * BLOCKS; i += lanes) {
      sums[i] = 0;
    }
    for (int column = 0; column < end; column += CHUNK) {
      context.localBarrier();
      for (int g = lane; g < ROWS * CHUNK / Codes.GROUP; g += lanes) {
        int r = g % ROWS;
        int c = g / ROWS * Codes.GROUP;
        int row = TornadoMath.min(firstRow + r, rows - 1);
        if (type == Planes.F32) {
          for (int i = 0; i < Codes.GROUP; i++) {
            int at = TornadoMath.min(column + c + i, columns - 1);
            float weight = floats.get(base + row * columns + at);
            weights[(c + i) * PITCH + r] = column + c + i < columns ? weight : 0;
          }
        } else {
          int inside = TornadoMath.min(column + c, columns - Codes.GROUP);
          int u = row * unitsPerRow + inside / Planes.UNIT;
          int half = inside / Codes.GROUP % 2;
          int low = base + u * Planes.lowWords(type);
          int high = base + Planes.highOffset(type, units) + u * Planes.highWords(type);
          float live = column + c < columns ? 1f : 0f;
          float scale = live * Codes.scale(type, words, base, units, u, half);
          float min = live * Codes.min(type, words, base, units, u, half);
          for (int i = 0; i < Codes.GROUP; i++) {
            float code = Codes.code(type, words, low, high, half * Codes.GROUP + i);
            weights[(c + i) * PITCH + r] = scale * code - min;
          }
        }
      }
      for (int e = lane; e < quads * 4 * CHUNK; e += lanes) {
        int c = e % CHUNK;
        int t = e / CHUNK;
        int o = first + TornadoMath.min(t, count - 1);
        if (gathered == 1) {
          o = list.get(o);
        }
        int at = TornadoMath.min(column + c, columns - 1);
        inputs[c * PITCH + t] = x.get(o / share * columns + at);
      }
      context.localBarrier();
      for (int b = lane; b < blocks; b += lanes) {
        int r = 2 * (b % PAIRS);
        int t = 4 * (b / PAIRS);
        float a0 = sums[b];
        float a1 = sums[BLOCKS + b];
        float a2 = sums[2 * BLOCKS + b];
        float a3 = sums[3 * BLOCKS + b];
        float b0 = sums[4 * BLOCKS + b];
        float b1 = sums[5 * BLOCKS + b];
        float b2 = sums[6 * BLOCKS + b];
        float b3 = sums[7 * BLOCKS + b];
        for (int c = 0; c < CHUNK; c++) {
          float w0 = weights[c * PITCH + r];
          float w1 = weights[c * PITCH + r + 1];
          float x0 = inputs[c * PITCH + t];
          float x1 = inputs[c * PITCH + t + 1];
          float x2 = inputs[c * PITCH + t + 2];
          float x3 = inputs[c * PITCH + t + 3];
          a0 += w0 * x0;
          a1 += w0 * x1;
          a2 += w0 * x2;
          a3 += w0 * x3;
          b0 += w1 * x0;
          b1 += w1 * x1;
          b2 += w1 * x2;
          b3 += w1 * x3;
        }
        sums[b] = a0;
        sums[BLOCKS + b] = a1;
        sums[2 * BLOCKS + b] = a2;
        sums[3 * BLOCKS + b] = a3;
        sums[4 * BLOCKS + b] = b0;
        sums[5 * BLOCKS + b] = b1;
        sums[6 * BLOCKS + b] = b2;
        sums[7 * BLOCKS + b] = b3;
      }
    }
    for (int b = lane; b < blocks; b += lanes) {
      for (int k = 0; k < 8; k++) {
        int row = firstRow + 2 * (b % PAIRS) + k / 4;
        int t = 4 * (b / PAIRS) + k % 4;
        int inside = TornadoMath.min(rows - 1 - row, count - 1 - t);
        if (inside >= 0) {
          int o = first + t;
          if (gathered == 1) {
            o = list.get(o);
          }
          int at = o * stride + offset + row;
          float sum = sums[k * BLOCKS + b];
          if (unit >= UnitFunctions.BIASED) {
            sum += floats.get(bias + row);
          }
          if (mode == ADD) {
            sum += y.get(at);
          }
          if (mode == UNIT) {
            sum = UnitFunctions.apply(unit, y.get(at), sum);
          }
          y.set(at, sum);
        }
      }
    }
  }
}
