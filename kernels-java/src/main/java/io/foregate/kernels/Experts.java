package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Some of the experts that a token was routed to, in two launches for all of them ({@link #gateUp},
 * {@link #down}): gate, up and SwiGLU; then down and, when the last of them have run, their
 * weighted sum. Of a batch in three and one ({@link #multiply}, {@link #combine}).
 *
 * <p>{@code args} says which, see {@link LaunchArgs}.
 *
 * <p>A record is gate, up and down in {@link Planes}, at the word offsets that the parameters tell.
 */
public final class Experts {
  private Experts() {}

  /**
   * {@code hidden[i] = unit(gate_i x, up_i x)}, for {@code used * hiddenSize} groups: those beyond
   * the launch's count do nothing.
   *
   * @param floats where biases are, as the directory tells
   * @param pool memory of all records
   * @param x {@code [columns]}
   * @param hidden {@code [used][hiddenSize]}
   * @param upOffset words from a record's first to its up matrix
   * @param used experts of a token
   * @param unit see {@link UnitFunctions}
   */
  public static void gateUp(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      FloatArray x,
      FloatArray hidden,
      int gateType,
      int upType,
      int upOffset,
      int hiddenSize,
      int columns,
      int used,
      int unit) {
    int group = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    int i = group / hiddenSize;
    int row = group - i * hiddenSize;
    float[] gates = context.allocateFloatLocalArray(Groups.MAX_LANES);
    float[] ups = context.allocateFloatLocalArray(Groups.MAX_LANES);
    if (i < args.get(LaunchArgs.NETWORKS)) {
      int record = args.get(LaunchArgs.RECORDS + i);
      int units = columns / Planes.UNIT;
      int total = hiddenSize * units;
      float gate = 0;
      float up = 0;
      for (int u = lane; u < units; u += lanes) {
        int at = u * Planes.UNIT;
        gate += UnitDot.dot(gateType, pool, record, total, row * units + u, x, at);
        up += UnitDot.dot(upType, pool, record + upOffset, total, row * units + u, x, at);
      }
      gates[lane] = gate;
      ups[lane] = up;
      for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
        context.localBarrier();
        if (lane < stride) {
          gates[lane] = gates[lane] + gates[lane + stride];
          ups[lane] = ups[lane] + ups[lane + stride];
        }
      }
      context.localBarrier();
      if (lane == 0) {
        gate = gates[0];
        up = ups[0];
        if (unit >= UnitFunctions.BIASED) {
          int layer = args.get(LaunchArgs.LAYER);
          int at = args.get(LaunchArgs.RECORDS + 2 * used + i) * hiddenSize + row;
          gate += UnitFunctions.bias(directory, floats, layer, Directory.GATE_PROJECTION_BIAS, at);
          up += UnitFunctions.bias(directory, floats, layer, Directory.UP_PROJECTION_BIAS, at);
        }
        hidden.set(group, UnitFunctions.apply(unit, gate, up));
      }
    }
  }

  /**
   * {@code out[rank] = down hidden} for each expert of the launch, one group per row of the result;
   * and {@code x += sum of weights[rank] * out[rank]}, in the order of ranks, when that is due. The
   * sum is the same in whatever order and parts the experts ran.
   *
   * @param hidden as {@link #gateUp} wrote it
   * @param weights of the token's experts by rank, {@code [used]}
   * @param out {@code [used][rows]}
   * @param x {@code [rows]}
   * @param downOffset words from a record's first to its down matrix
   * @param columns hidden width of an expert
   * @param used experts of a token
   * @param unit see {@link UnitFunctions}
   */
  public static void down(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      FloatArray hidden,
      FloatArray weights,
      FloatArray out,
      FloatArray x,
      int downType,
      int downOffset,
      int rows,
      int columns,
      int used,
      int unit) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int count = args.get(LaunchArgs.NETWORKS);
    int units = columns / Planes.UNIT;
    int total = rows * units;
    for (int i = 0; i < count; i++) {
      int base = args.get(LaunchArgs.RECORDS + i) + downOffset;
      float sum = 0;
      for (int u = lane; u < units; u += lanes) {
        int at = i * columns + u * Planes.UNIT;
        sum += UnitDot.dot(downType, pool, base, total, row * units + u, hidden, at);
      }
      sums[lane] = sum;
      for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
        context.localBarrier();
        if (lane < stride) {
          sums[lane] = sums[lane] + sums[lane + stride];
        }
      }
      context.localBarrier();
      if (lane == 0) {
        sum = sums[0];
        if (unit >= UnitFunctions.BIASED) {
          int at = args.get(LaunchArgs.RECORDS + 2 * used + i) * rows + row;
          sum +=
              UnitFunctions.bias(
                  directory,
                  floats,
                  args.get(LaunchArgs.LAYER),
                  Directory.DOWN_PROJECTION_BIAS,
                  at);
        }
        out.set(args.get(LaunchArgs.RECORDS + used + i) * rows + row, sum);
      }
      context.localBarrier();
    }
    if (lane < args.get(LaunchArgs.SUM_DUE)) { // the first thread, if the sum is due
      float sum = x.get(row);
      for (int rank = 0; rank < used; rank++) {
        sum += weights.get(rank) * out.get(rank * rows + row);
      }
      x.set(row, sum);
    }
  }

  /**
   * Takes the output of an expert that ran elsewhere, one thread per element.
   *
   * @param args the pair: of a token alone, the expert's rank
   * @param delivered {@code [rows]}
   * @param out as {@link #down} has it
   */
  public static void deliver(
      KernelContext context, IntArray args, FloatArray delivered, FloatArray out, int rows) {
    int i = context.globalIdx;
    if (i < rows) {
      out.set(args.get(LaunchArgs.PAIR) * rows + i, delivered.get(i));
    }
  }

  /**
   * What the shared expert's output is multiplied with: {@code weights[t] = scale * sigmoid(gate *
   * x_t)}, or {@code scale} without a gate. One group per token of the largest batch.
   *
   * @param args the layer
   * @param x {@code [tokens][columns]}
   * @param gated 1 if the directory tells where in {@code floats} the gate is, else 0
   */
  public static void sharedWeight(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      FloatArray x,
      FloatArray weights,
      int columns,
      int gated,
      float scale) {
    int token = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    float sum = 0;
    if (gated == 1) {
      int base =
          directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + Directory.SHARED_GATE);
      for (int i = lane; i < columns; i += lanes) {
        sum += floats.get(base + i) * x.get(token * columns + i);
      }
    }
    sums[lane] = sum;
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        sums[lane] = sums[lane] + sums[lane + stride];
      }
    }
    context.localBarrier();
    if (lane == 0) {
      float weight = scale;
      if (gated == 1) {
        weight = scale / (1 + TornadoMath.exp(-sums[0]));
      }
      weights.set(token, weight);
    }
  }

  /**
   * The largest number of {@link #multiply}'s tiles.
   *
   * @param tokens of the largest batch
   */
  public static int mostTiles(int tokens, int experts, int used) {
    return TornadoMath.min(experts, tokens * used) + tokens * used / Tiles.TOKENS;
  }

  /**
   * One of the three products of some experts, for all tokens of a batch that chose them: gate
   * ({@link Tiles#STORE}, from {@code x}), up ({@link Tiles#UNIT}, likewise, to where gate wrote),
   * down ({@link Tiles#STORE}, from there). {@code Tiles.ofRows(rows) * mostTiles} groups of {@link
   * Tiles#LANES}.
   *
   * <p>The pairs of an expert are divided into tiles of at most {@link Tiles#TOKENS}, which {@code
   * args} tells, see {@link LaunchArgs}.
   *
   * @param pool memory of all records
   * @param x of pair {@code p} row {@code p / share}, rows of {@code columns}
   * @param y of pair {@code p} row {@code p}, rows of {@code rows}
   * @param offset words from a record's first to the matrix
   * @param share {@code used} if pairs of a token share a row of {@code x}, 1 if each has its own
   * @param biasPart of the directory; what it tells is added to the product where {@code unit} says
   *     that there are biases
   * @param unit see {@link UnitFunctions}
   */
  public static void multiply(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      FloatArray x,
      FloatArray y,
      int type,
      int offset,
      int rows,
      int columns,
      int share,
      int mode,
      int biasPart,
      int unit) {
    int tiles = Tiles.ofRows(rows);
    int tile = context.groupIdx / tiles;
    int firstRow = (context.groupIdx - tile * tiles) * Tiles.ROWS;
    int told = LaunchArgs.FIRST_TILE + LaunchArgs.TILE_WORDS * tile;
    int count = tile < args.get(LaunchArgs.TILES) ? args.get(told + LaunchArgs.TILE_COUNT) : 0;
    int base = args.get(told + LaunchArgs.TILE_RECORD) + offset;
    int first = args.get(told + LaunchArgs.TILE_PAIR);
    int biases = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + biasPart);
    int bias = biases + args.get(told + LaunchArgs.TILE_EXPERT) * rows;
    Tiles.multiply(
        context, type, pool, floats, base, rows, columns, firstRow, x, y, rows, 0, args, first,
        count, 1, share, mode, bias, unit);
  }

  /**
   * {@code x_t += sum over ranks of weights[t * used + rank] * out[t * used + rank]}, in the order
   * of ranks, if that is due. One thread per element: {@code the largest batch * rows}.
   *
   * @param args as {@link #multiply} has it
   * @param weights {@code [tokens][used]}
   * @param out {@code [tokens][used][rows]}
   * @param x {@code [tokens][rows]}
   */
  public static void combine(
      KernelContext context,
      IntArray args,
      FloatArray weights,
      FloatArray out,
      FloatArray x,
      int rows,
      int used) {
    int i = context.globalIdx;
    int token = i / rows;
    int row = i - token * rows;
    int tokens = args.get(LaunchArgs.SUM_DUE) == 1 ? args.get(LaunchArgs.BATCH_TOKENS) : 0;
    if (token < tokens) {
      float sum = x.get(i);
      for (int rank = 0; rank < used; rank++) {
        int pair = token * used + rank;
        sum += weights.get(pair) * out.get(pair * rows + row);
      }
      x.set(i, sum);
    }
  }
}
