package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Faster variants of {@link MatMul} and {@link Experts#multiply} for devices with tensor cores:
 * tiles as {@link Tiles} has them, multiplied by {@code mma.sync.m16n8k16} (PTX ISA, "Warp-level
 * matrix instructions"): 16 tokens by 8 rows of the matrix, 16 columns at a time, f16 in, floats
 * out.
 *
 * <p>A chunk of {@value #CHUNK} columns is in local memory, in blocks as {@code ldmatrix} reads
 * them:
 *
 * <ul>
 *   <li>tokens: blocks of 16 tokens by 16 columns, token after token, two columns to a word;
 *   <li>weights: blocks of 16 columns by 8 rows, column after column, in the order 0 to 7, 9, 8,
 *       11, 10, 13, 12, 15, 14, which is where TornadoVM's {@code mmaLoadBSwizzled} looks for them.
 * </ul>
 *
 * Of four warps, each has 16 tokens and 16 rows. What they compute goes through {@code sums}, as a
 * warp's part of a result can only be stored as a whole: groups are few, and each does several
 * tiles.
 *
 * <p><b>Range.</b> f16 ends at 65504, and loses bits below 2^-14. Activations of some models go
 * beyond the former: each token's are brought to at most {@value #LARGEST} by a factor of its own
 * ({@link #pack}). Weights are multiplied by {@value #WEIGHT_FACTOR}: of a magnitude from 10^-6 to
 * 1023 they keep 11 bits. BF16 would have the range without either, but only 8 bits, and TornadoVM
 * 5.2 has it on CUDA alone.
 *
 * <p><b>Not portable.</b> To be used only where a self-test has passed.
 */
public final class MmaTiles {
  /** Threads of a group: four warps. */
  public static final int LANES = 128;

  /** The most groups of a launch. */
  public static final int MAX_GROUPS = 1024;

  /** Floats of {@code sums} for each group. */
  public static final int GROUP_SUMS = Tiles.ROWS * Tiles.TOKENS;

  private static final int CHUNK = 128;
  private static final int STEP = 16;
  private static final int STEPS = CHUNK / STEP;

  /** Rows of a block of weights. */
  private static final int BLOCK_ROWS = 8;

  /**
   * Elements from block to block of weights, so that neighbours lie in other banks. {@code
   * ldmatrix} wants multiples of 16 bytes: here, and in what both local arrays take, as nothing
   * else aligns the second of them.
   */
  private static final int WEIGHT_PITCH = STEP * BLOCK_ROWS + 8;

  /** Tokens of a block. */
  private static final int BLOCK_TOKENS = 16;

  /** Words of a token in a block. */
  private static final int TOKEN_WORDS = STEP / 2;

  /** Words from block to block of tokens, likewise. */
  private static final int TOKEN_PITCH = BLOCK_TOKENS * TOKEN_WORDS + 8;

  private static final float LARGEST = 32768;
  private static final float WEIGHT_FACTOR = 64;
  private static final float TINY = 1e-30f;

  private MmaTiles() {}

  /** Groups that a launch of so many tiles has. */
  public static int groups(int tiles) {
    return Math.min(tiles, MAX_GROUPS);
  }

  /** Whether weights of this type are multiplied so: not F32, which would lose bits. */
  public static boolean supports(int type) {
    return Planes.supports(type);
  }

  /**
   * Rounds activations to f16, one group per row of the largest batch: {@code x = factor * f16}.
   *
   * @param args {@code [tokensAt]}: tokens of the batch; rows beyond {@code tokens * share} are
   *     left
   * @param x rows of {@code columns}
   * @param f16 rows of {@code columns / 2} words, the even column in the low bits
   * @param factors one for each row
   * @param columns an even number
   * @param share rows of a token
   */
  public static void pack(
      KernelContext context,
      IntArray args,
      FloatArray x,
      IntArray f16,
      FloatArray factors,
      int columns,
      int tokensAt,
      int share) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] largest = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int live = row < args.get(tokensAt) * share ? columns : 0;
    float most = TINY; // of nothing but zeros, the f16 are zeros too
    for (int i = lane; i < live; i += lanes) {
      most = TornadoMath.max(most, TornadoMath.abs(x.get(row * columns + i)));
    }
    largest[lane] = most;
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        largest[lane] = TornadoMath.max(largest[lane], largest[lane + stride]);
      }
    }
    context.localBarrier();
    most = largest[0];
    float inverse = LARGEST / most;
    for (int i = lane; i < live / 2; i += lanes) {
      int at = row * columns + 2 * i;
      int low = F16Bits.encode(x.get(at) * inverse);
      int high = F16Bits.encode(x.get(at + 1) * inverse);
      f16.set(at / 2, low | (high << 16));
    }
    if (lane < live) {
      factors.set(row, most / LARGEST);
    }
  }

  /**
   * As {@link MatMul#product}, in {@link #groups} of {@code Tiles.ofRows(rows) * Tiles.ofTokens(the
   * largest batch)}.
   *
   * @param f16 the tokens as {@link #pack} made them, with {@code factors}
   * @param sums {@link #GROUP_SUMS} for each group, of no further use
   */
  public static void product(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      IntArray f16,
      FloatArray factors,
      FloatArray sums,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int stride,
      int at,
      int add) {
    multiply(
        context,
        args,
        directory,
        weights,
        floats,
        f16,
        factors,
        sums,
        y,
        part,
        type,
        0,
        rows,
        columns,
        stride,
        at,
        0,
        1,
        add,
        UnitFunctions.SILU);
  }

  /**
   * As {@link Experts#multiply}, in {@link #groups} of {@code Tiles.ofRows(rows) * mostTiles}.
   *
   * @param f16 rows of {@code x} as {@link #pack} made them, with {@code factors}
   * @param sums {@link #GROUP_SUMS} for each group, of no further use
   */
  public static void experts(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      IntArray f16,
      FloatArray factors,
      FloatArray sums,
      FloatArray y,
      int type,
      int offset,
      int rows,
      int columns,
      int share,
      int mode,
      int biasPart,
      int unit) {
    multiply(
        context, args, directory, pool, floats, f16, factors, sums, y, biasPart, type, offset, rows,
        columns, rows, 0, 1, share, mode, unit);
  }

  /**
   * All tiles of a launch, which groups take in turns.
   *
   * @param part of the directory: of the matrix or, if routed, of the bias
   * @param offset if routed, words from a record's first to the matrix
   * @param stride of rows of {@code y}, in which results begin at element {@code at}
   * @param routed 1 if {@code args} tells the tiles, 0 if they are the batch's
   */
  private static void multiply(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray words,
      FloatArray floats,
      IntArray f16,
      FloatArray factors,
      FloatArray sums,
      FloatArray y,
      int part,
      int type,
      int offset,
      int rows,
      int columns,
      int stride,
      int at,
      int routed,
      int share,
      int mode,
      int unit) {
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    int group = context.groupIdx;
    int groups = context.globalGroupSizeX / lanes;
    HalfFloat[] weights =
        context.allocateHalfFloatLocalArray(Tiles.ROWS / BLOCK_ROWS * STEPS * WEIGHT_PITCH);
    int[] inputs = context.allocateIntLocalArray(Tiles.TOKENS / BLOCK_TOKENS * STEPS * TOKEN_PITCH);
    int warp = lane / Warps.WIDTH;
    int tokenBlock = warp % 2;
    int rowBlock = warp / 2 * 2;
    int tokenBytes = 4 * tokenBlock * STEPS * TOKEN_PITCH;
    int weightBytes = 2 * rowBlock * STEPS * WEIGHT_PITCH;
    int unitsPerRow = columns / Planes.UNIT;
    int units = rows * unitsPerRow;
    int rowTiles = Tiles.ofRows(rows);
    int entry = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + part);
    int tiles =
        routed == 1 ? args.get(LaunchArgs.TILES) : Tiles.ofTokens(args.get(LaunchArgs.TOKENS));
    for (int place = group; place < tiles * rowTiles; place += groups) {
      int tile = place / rowTiles;
      int firstRow = (place - tile * rowTiles) * Tiles.ROWS;
      int base = entry;
      int first = tile * Tiles.TOKENS;
      int count = TornadoMath.min(args.get(LaunchArgs.TOKENS) - first, Tiles.TOKENS);
      int bias = 0;
      if (routed == 1) {
        int told = LaunchArgs.FIRST_TILE + LaunchArgs.TILE_WORDS * tile;
        base = args.get(told + LaunchArgs.TILE_RECORD) + offset;
        first = args.get(told + LaunchArgs.TILE_PAIR);
        count = args.get(told + LaunchArgs.TILE_COUNT);
        bias = entry + args.get(told + LaunchArgs.TILE_EXPERT) * rows;
      }
      int tokens = (count + BLOCK_TOKENS - 1) / BLOCK_TOKENS * BLOCK_TOKENS;
      float[] left = context.mmaFragment(0f);
      float[] right = context.mmaFragment(0f);
      for (int column = 0; column < columns; column += CHUNK) {
        context.localBarrier();
        for (int g = lane; g < Tiles.ROWS * STEPS; g += lanes) {
          int r = g / (BLOCK_ROWS * STEPS) * BLOCK_ROWS + g % BLOCK_ROWS;
          int c = column + g / BLOCK_ROWS % STEPS * STEP;
          int row = TornadoMath.min(firstRow + r, rows - 1);
          int inside = TornadoMath.min(c, columns - STEP);
          int u = row * unitsPerRow + inside / Planes.UNIT;
          int half = inside / Codes.GROUP % 2;
          int low = base + u * Planes.lowWords(type);
          int high = base + Planes.highOffset(type, units) + u * Planes.highWords(type);
          float live = c < columns ? WEIGHT_FACTOR : 0f;
          float scale = live * Codes.scale(type, words, base, units, u, half);
          float min = live * Codes.min(type, words, base, units, u, half);
          int to = g / BLOCK_ROWS * WEIGHT_PITCH + g % BLOCK_ROWS;
          for (int i = 0; i < STEP; i++) {
            float code = Codes.code(type, words, low, high, half * Codes.GROUP + i);
            float weight = scale * code - min;
            weights[to + (i ^ (i >> 3)) * BLOCK_ROWS] = new HalfFloat(weight);
          }
        }
        for (int e = lane; e < tokens * CHUNK / 2; e += lanes) {
          int c = e % (CHUNK / 2);
          int t = e / (CHUNK / 2);
          int o = first + TornadoMath.min(t, count - 1);
          if (routed == 1) {
            o = args.get(o);
          }
          int from = TornadoMath.min(column / 2 + c, columns / 2 - 1);
          int block = t / BLOCK_TOKENS * STEPS + c / TOKEN_WORDS;
          int to = block * TOKEN_PITCH + t % BLOCK_TOKENS * TOKEN_WORDS + c % TOKEN_WORDS;
          inputs[to] = f16.get(o / share * (columns / 2) + from);
        }
        context.localBarrier();
        for (int k = 0; k < STEPS; k++) {
          int tokenAt = tokenBytes + 4 * k * TOKEN_PITCH;
          int leftAt = weightBytes + 2 * k * WEIGHT_PITCH;
          int rightAt = leftAt + 2 * STEPS * WEIGHT_PITCH;
          HalfFloat[] a = context.mmaLoadA(inputs, STEP, tokenAt);
          HalfFloat[] b = context.mmaLoadBSwizzled(weights, STEP, leftAt);
          left = context.mma(a, b, left, MMAShape.M16N8K16);
          HalfFloat[] d = context.mmaLoadBSwizzled(weights, STEP, rightAt);
          right = context.mma(a, d, right, MMAShape.M16N8K16);
        }
      }
      int firstSum = group * Tiles.TOKENS + tokenBlock * BLOCK_TOKENS;
      context.mmaStore(left, sums, firstSum, rowBlock * BLOCK_ROWS, Tiles.ROWS);
      context.mmaStore(right, sums, firstSum, (rowBlock + 1) * BLOCK_ROWS, Tiles.ROWS);
      context.localBarrier();
      for (int e = lane; e < count * Tiles.ROWS; e += lanes) {
        int row = firstRow + e % Tiles.ROWS;
        if (row < rows) {
          int o = first + e / Tiles.ROWS;
          if (routed == 1) {
            o = args.get(o);
          }
          int to = o * stride + at + row;
          float sum = sums.get(group * GROUP_SUMS + e) * factors.get(o / share) / WEIGHT_FACTOR;
          if (unit >= UnitFunctions.BIASED) {
            sum += floats.get(bias + row);
          }
          if (mode == Tiles.ADD) {
            sum += y.get(to);
          }
          if (mode == Tiles.UNIT) {
            sum = UnitFunctions.apply(unit, y.get(to), sum);
          }
          y.set(to, sum);
        }
      }
    }
  }
}
