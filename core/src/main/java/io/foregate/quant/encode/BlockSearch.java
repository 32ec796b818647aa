package io.foregate.quant.encode;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFactor;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.BlockPacker;
import io.foregate.quant.format.Rounding;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.MemorySegment;

/**
 * Encodes one block so that its weighted squared error is small.
 *
 * <p>First every sub-block finds its own scale (and minimum) by weighted least squares over many
 * grids. Then these are rounded to the block's integer codes, and scales, minima and element codes
 * improve in turns: of the nine pairs of codes around a sub-block's own the best is taken, elements
 * rounded anew for each; the block's two floats follow by least squares, as long as the error
 * falls. Mutable scratch, one per thread.
 */
final class BlockSearch {
  private static final int ROUNDS = 3;

  /** Grids to each side of the plain one. */
  private static final int GRIDS = 9;

  private static final ScaleSearch.Grids AFFINE_GRIDS = new ScaleSearch.Grids(-1, 20, false);

  /** Factors by which the block's scale may be off the one that its largest sub-block asks for. */
  private static final float[] FACTORS = {1, 0.97f, 0.94f, 0.9f, 1.03f};

  /** The block. */
  final float[] x = new float[UnpackedBlock.MAX_BLOCK];

  /** How much each element matters. */
  final float[] w = new float[UnpackedBlock.MAX_BLOCK];

  private final BlockGrid grid;
  private final BlockPacker packer;

  /** Whether the block's factor is one. */
  private final boolean powersOfTwo;

  private final int subs;
  private final ScaleSearch affine = new ScaleSearch();
  private final HalfQuadratic halfQuadratic;
  private final float[] scale = new float[16];
  private final float[] min = new float[16];
  private final int[] scaleCode = new int[16];
  private final int[] minCode = new int[16];
  private final int[] q = new int[UnpackedBlock.MAX_BLOCK];
  private float d;
  private float dmin;

  BlockSearch(GgmlType type) {
    this.grid = BlockGrid.of(type);
    BlockFormat format = BlockFormat.of(type);
    this.packer = new BlockPacker(format);
    this.powersOfTwo = format.scales().factor().encoding() == BlockFactor.Encoding.E8M0;
    this.subs = grid.subBlocks();
    this.halfQuadratic = new HalfQuadratic(grid);
  }

  /**
   * Sets {@link #w} for the block in {@link #x}, see {@link WeightQuantizer.Method#SEARCH}. What
   * nothing is known of (an expert that the text never used) has no importance at all, and is
   * weighed as without an importance matrix.
   *
   * @param importance null if all inputs matter alike
   */
  void weigh(float[] importance, int from) {
    int n = grid.type().blockSize();
    double known = 0;
    double squares = 0;
    for (int i = 0; i < n; i++) {
      known += importance == null ? 0 : importance[from + i];
      squares += (double) x[i] * x[i];
    }
    double meanSquare = squares / n;
    // A little for all: a weight of zero must not move, and what the text never used may matter.
    float least = 1e-3f * (float) (known > 0 ? known / n : Math.sqrt(meanSquare));
    for (int i = 0; i < n; i++) {
      w[i] =
          known > 0
              ? (importance[from + i] + least) * (float) Math.sqrt(meanSquare + x[i] * x[i])
              : Math.abs(x[i]) + least;
    }
  }

  /** Encodes one block of finite values, all of which matter alike. */
  void encode(float[] src, int from, MemorySegment dst, long to) {
    System.arraycopy(src, from, x, 0, grid.type().blockSize());
    weigh(null, 0);
    encode(false, dst, to);
  }

  /** Encodes the block in {@link #x}. */
  void encode(boolean robust, MemorySegment dst, long to) {
    for (int j = 0; j < subs; j++) {
      if (robust) {
        halfQuadratic.fit(x, j * grid.sub());
        scale[j] = halfQuadratic.scale();
        min[j] = halfQuadratic.min();
      } else {
        fit(j);
      }
    }
    if (powersOfTwo) {
      powerOfTwo();
    } else if (grid.twoLevels()) {
      blockScale(robust);
    } else {
      d = f16(scale[0]);
      dmin = f16(min[0]);
      scaleCode[0] = 1;
      minCode[0] = 1;
    }
    if (!robust && !powersOfTwo) {
      refine();
    }
    for (int j = 0; j < subs; j++) {
      recode(j);
    }
    packer.pack(d, dmin, scaleCode, minCode, q, dst, to);
  }

  /** The ideal scale, and minimum, of a sub-block. */
  private void fit(int j) {
    int n = grid.sub();
    int o = j * n;
    if (grid.minima()) {
      System.arraycopy(w, o, affine.weight, 0, n);
      scale[j] = affine.affine(n, grid.high(), x, o, q, AFFINE_GRIDS);
      min[j] = affine.min;
      return;
    }
    min[j] = 0;
    float extreme = Rounding.extreme(n, x, o);
    scale[j] = 0;
    if (Math.abs(extreme) < ScaleSearch.EPSILON) {
      return;
    }
    float best = 0;
    // Of a coarse grid the best scale may be further away from that of its extreme element.
    float range = Math.min(0.25f, 1.5f / grid.greatest() + 0.05f);
    for (int end : new int[] {grid.least(), grid.greatest()}) {
      for (int k = -GRIDS; k <= GRIDS; k++) {
        float inverse = end * (1 + range * k / GRIDS) / extreme;
        float sumQx = 0;
        float sumQ2 = 0;
        for (int i = o; i < o + n; i++) {
          float value = grid.value(grid.code(inverse * x[i]));
          sumQx += w[i] * value * x[i];
          sumQ2 += w[i] * value * value;
        }
        if (sumQ2 > 0 && sumQx * sumQx > best * sumQ2) {
          scale[j] = sumQx / sumQ2;
          best = scale[j] * sumQx;
        }
      }
    }
  }

  /** Of factors that are powers of two, the best of the three exponents around the ideal scale. */
  private void powerOfTwo() {
    scaleCode[0] = 1;
    int nearest = Math.getExponent(Math.abs(scale[0])) + 128;
    double least = Double.MAX_VALUE;
    float best = BlockFactor.halfPower(0);
    for (int e = Math.max(0, nearest - 1); e <= Math.clamp(nearest + 1, 0, 254); e++) {
      d = BlockFactor.halfPower(e);
      double error = error(0, d, 0);
      if (error < least) {
        least = error;
        best = d;
      }
    }
    d = best;
  }

  /** The block's scale and minimum, for the largest of the sub-blocks', and their codes. */
  private void blockScale(boolean robust) {
    float extreme = Rounding.extreme(subs, scale, 0);
    dmin = grid.minima() ? f16(Rounding.extreme(subs, min, 0) / grid.minHigh()) : 0;
    double least = Double.MAX_VALUE;
    float best = 0;
    for (int end : new int[] {grid.scaleHigh(), grid.scaleLow()}) {
      for (int f = 0; end != 0 && f < (robust ? 1 : FACTORS.length); f++) {
        d = f16(extreme / end * FACTORS[f]);
        roundCodes();
        double error = total();
        if (error < least) {
          least = error;
          best = d;
        }
      }
    }
    d = best;
    roundCodes();
  }

  private void roundCodes() {
    for (int j = 0; j < subs; j++) {
      scaleCode[j] = d == 0 ? 0 : scaleCode(Math.round(scale[j] / d));
      minCode[j] = dmin == 0 ? 0 : Math.clamp(Math.round(min[j] / dmin), 0, grid.minHigh());
    }
  }

  private int scaleCode(int code) {
    return Math.clamp(code, grid.scaleLow(), grid.scaleHigh());
  }

  /** Improves codes and floats in turns, as long as the error falls. */
  private void refine() {
    double least = total();
    for (int round = 0; round < ROUNDS; round++) {
      if (grid.twoLevels()) {
        for (int j = 0; j < subs; j++) {
          improveCodes(j);
        }
      }
      double error = total();
      float oldScale = d;
      float oldMin = dmin;
      leastSquares();
      double fitted = total();
      if (fitted >= error) {
        d = oldScale;
        dmin = oldMin;
        fitted = error;
      }
      if (fitted >= least * (1 - 1e-4)) {
        return;
      }
      least = fitted;
    }
  }

  /** The best pair of codes next to a sub-block's own. */
  private void improveCodes(int j) {
    int s = scaleCode[j];
    int m = minCode[j];
    double least = error(j, d * s, dmin * m);
    int reach = grid.minHigh() > 0 ? 1 : 0;
    for (int ds = -1; ds <= 1; ds++) {
      for (int dm = -reach; dm <= reach; dm++) {
        int si = scaleCode(s + ds);
        int mi = Math.clamp(m + dm, 0, grid.minHigh());
        double error = error(j, d * si, dmin * mi);
        if (error < least) {
          least = error;
          scaleCode[j] = si;
          minCode[j] = mi;
        }
      }
    }
  }

  /** The block's floats for the codes as they are. */
  private void leastSquares() {
    double aa = 0;
    double ab = 0;
    double bb = 0;
    double ax = 0;
    double bx = 0;
    for (int j = 0; j < subs; j++) {
      recode(j);
      for (int i = j * grid.sub(); i < (j + 1) * grid.sub(); i++) {
        double a = (double) scaleCode[j] * grid.value(q[i]);
        double b = grid.minima() ? -minCode[j] : 0;
        aa += w[i] * a * a;
        ab += w[i] * a * b;
        bb += w[i] * b * b;
        ax += w[i] * a * x[i];
        bx += w[i] * b * x[i];
      }
    }
    double determinant = aa * bb - ab * ab;
    if (bb > 0 && determinant > 1e-9 * aa * bb) {
      d = f16((float) ((ax * bb - bx * ab) / determinant));
      dmin = f16((float) ((bx * aa - ax * ab) / determinant));
    } else if (aa > 0) {
      d = f16((float) ((ax - dmin * ab) / aa));
    }
  }

  private double total() {
    double sum = 0;
    for (int j = 0; j < subs; j++) {
      sum += error(j, d * scaleCode[j], dmin * minCode[j]);
    }
    return sum;
  }

  /** The error of a sub-block whose elements are rounded to that scale and minimum. */
  private double error(int j, float s, float m) {
    int end = (j + 1) * grid.sub();
    float inverse = s != 0 ? 1 / s : 0;
    float sum = 0;
    for (int i = j * grid.sub(); i < end; i++) {
      float value = s * grid.value(grid.code((x[i] + m) * inverse)) - m;
      float difference = value - x[i];
      sum += w[i] * difference * difference;
    }
    return sum;
  }

  private void recode(int j) {
    float s = d * scaleCode[j];
    float m = dmin * minCode[j];
    float inverse = s != 0 ? 1 / s : 0;
    for (int i = j * grid.sub(); i < (j + 1) * grid.sub(); i++) {
      q[i] = grid.code((x[i] + m) * inverse);
    }
  }

  private static float f16(float v) {
    float rounded = Float.float16ToFloat(Float.floatToFloat16(v));
    return Float.isFinite(rounded) ? rounded : Math.copySign(65504f, v);
  }
}
