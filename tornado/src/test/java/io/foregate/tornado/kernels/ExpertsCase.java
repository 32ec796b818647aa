package io.foregate.tornado.kernels;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Int8;
import io.foregate.kernels.Int8Warps;
import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.Planes;
import io.foregate.kernels.Warps;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PlaneLayout;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Random experts in a pool, and the kernels that run some of them for a random token. */
final class ExpertsCase {
  private static final int WIDTH = 256;
  private static final int HIDDEN = 512;
  private static final int USED = 3;
  private static final int SLOTS = 5;

  /** Slot of the expert of each rank. */
  private static final int[] SLOT = {4, 0, 2};

  private static final int EXPERTS = 7;

  /** Of the layer's, the expert of each rank. */
  private static final int[] EXPERT = {6, 1, 3};

  private final ExpertShape shape;
  private final TestMatrix[] gate = new TestMatrix[USED];
  private final TestMatrix[] up = new TestMatrix[USED];
  private final TestMatrix[] down = new TestMatrix[USED];
  private final IntArray pool;
  private final int slotWords;
  private final float[] normed;
  private final float[] residual;
  private final UnitCase beside;
  private final float[] weights = {0.5f, 0.3f, 0.2f};

  ExpertsCase(GgmlType type, GgmlType downType, int unit) {
    var random = new Random(type.id());
    shape = new ExpertShape(WIDTH, HIDDEN, type, type, downType);
    var layout = new PlaneLayout();
    long bytes = layout.recordBytes(shape);
    slotWords = (int) (bytes / 4);
    pool = new IntArray(SLOTS * slotWords);
    for (int i = 0; i < pool.getSize(); i++) {
      pool.set(i, random.nextInt());
    }
    for (int rank = 0; rank < USED; rank++) {
      gate[rank] = TestMatrix.random(type, HIDDEN, WIDTH, random);
      up[rank] = TestMatrix.random(type, HIDDEN, WIDTH, random);
      down[rank] = TestMatrix.random(downType, WIDTH, HIDDEN, random);
      var expert = new ExpertWeights(gate[rank].matrix(), up[rank].matrix(), down[rank].matrix());
      layout.pack(shape, expert, pool.getSegment().asSlice(SLOT[rank] * bytes, bytes));
    }
    normed = TestMatrix.floats(WIDTH, random);
    for (int i = 0; i < WIDTH; i++) {
      normed[i] *= 0.1f; // keeps the activation out of saturation
    }
    residual = TestMatrix.floats(WIDTH, random);
    beside = UnitCase.of(unit, EXPERTS, HIDDEN, WIDTH, random);
  }

  /** In double precision. */
  double[] expected() {
    double[] result = TestMatrix.doubles(residual);
    double[] x = TestMatrix.doubles(normed);
    for (int rank = 0; rank < USED; rank++) {
      double[] g = gate[rank].times(x);
      double[] u = up[rank].times(x);
      double[] h = beside.hidden(EXPERT[rank], g, u);
      double[] y = down[rank].times(h);
      for (int i = 0; i < WIDTH; i++) {
        result[i] += weights[rank] * (y[i] + beside.down(EXPERT[rank], i, WIDTH));
      }
    }
    return result;
  }

  private IntArray launchArgs(int[] ranks, boolean last) {
    var args = new IntArray(LaunchArgs.RECORDS + 3 * USED);
    args.init(0);
    args.set(LaunchArgs.LAYER, UnitCase.LAYER);
    args.set(LaunchArgs.NETWORKS, ranks.length);
    args.set(LaunchArgs.SUM_DUE, last ? 1 : 0);
    for (int i = 0; i < ranks.length; i++) {
      args.set(LaunchArgs.record(i), SLOT[ranks[i]] * slotWords);
      args.set(LaunchArgs.rank(USED, i), ranks[i]);
      args.set(LaunchArgs.expert(USED, i), EXPERT[ranks[i]]);
    }
    return args;
  }

  private FloatArray residual() {
    FloatArray x = Poisoned.array(WIDTH);
    for (int i = 0; i < WIDTH; i++) {
      x.set(i, residual[i]);
    }
    return x;
  }

  private int upOffset() {
    return (int) (PlaneLayout.upOffset(shape) / 4);
  }

  private int downOffset() {
    return (int) (PlaneLayout.downOffset(shape) / 4);
  }

  FloatArray onDevice(int[][] waves) {
    FloatArray x = residual();
    FloatArray in = FloatArray.fromArray(normed);
    FloatArray hidden = Poisoned.array(USED * HIDDEN);
    FloatArray out = Poisoned.array(USED * WIDTH);
    FloatArray w = FloatArray.fromArray(weights);
    for (int wave = 0; wave < waves.length; wave++) {
      IntArray args = launchArgs(waves[wave], wave == waves.length - 1);
      DeviceRun.run(
          USED * HIDDEN,
          8,
          g ->
              g.task(
                  "kernel",
                  Experts::gateUp,
                  DeviceRun.context(),
                  args,
                  beside.directory(),
                  beside.floats(),
                  pool,
                  in,
                  hidden,
                  shape.gate().id(),
                  shape.up().id(),
                  upOffset(),
                  HIDDEN,
                  WIDTH,
                  USED,
                  beside.unit()),
          new Object[] {args, beside.directory(), beside.floats(), pool, in},
          new Object[] {hidden});
      DeviceRun.run(
          WIDTH,
          16,
          g ->
              g.task(
                  "kernel",
                  Experts::down,
                  DeviceRun.context(),
                  args,
                  beside.directory(),
                  beside.floats(),
                  pool,
                  hidden,
                  w,
                  out,
                  x,
                  shape.down().id(),
                  downOffset(),
                  WIDTH,
                  HIDDEN,
                  USED,
                  beside.unit()),
          new Object[] {args, beside.directory(), beside.floats(), pool, hidden, w},
          new Object[] {out, x});
    }
    Poisoned.assertWritten(out);
    return x;
  }

  FloatArray asPlainJava(int[][] waves) {
    FloatArray x = residual();
    FloatArray in = FloatArray.fromArray(normed);
    var hidden = new FloatArray(USED * HIDDEN);
    var out = new FloatArray(USED * WIDTH);
    FloatArray w = FloatArray.fromArray(weights);
    int type = shape.gate().id();
    for (int wave = 0; wave < waves.length; wave++) {
      IntArray args = launchArgs(waves[wave], wave == waves.length - 1);
      PlainJava.run(
          USED * HIDDEN,
          c ->
              Experts.gateUp(
                  c,
                  args,
                  beside.directory(),
                  beside.floats(),
                  pool,
                  in,
                  hidden,
                  type,
                  type,
                  upOffset(),
                  HIDDEN,
                  WIDTH,
                  USED,
                  beside.unit()));
      PlainJava.run(
          WIDTH,
          c ->
              Experts.down(
                  c,
                  args,
                  beside.directory(),
                  beside.floats(),
                  pool,
                  hidden,
                  w,
                  out,
                  x,
                  shape.down().id(),
                  downOffset(),
                  WIDTH,
                  HIDDEN,
                  USED,
                  beside.unit()));
    }
    return x;
  }

  /** By warps of one thread, as plain Java. */
  FloatArray inWarps(int[][] waves, boolean int8) {
    FloatArray x = residual();
    FloatArray in = FloatArray.fromArray(normed);
    var hidden = new FloatArray(USED * HIDDEN);
    var out = new FloatArray(USED * WIDTH);
    FloatArray w = FloatArray.fromArray(weights);
    int units = WIDTH / Planes.UNIT;
    int hiddenUnits = USED * HIDDEN / Planes.UNIT;
    var codes = new IntArray(hiddenUnits * Int8.CODE_WORDS);
    var scales = new FloatArray(hiddenUnits * Int8.SCALES);
    int type = shape.gate().id();
    int down = shape.down().id();
    for (int wave = 0; wave < waves.length; wave++) {
      IntArray args = launchArgs(waves[wave], wave == waves.length - 1);
      if (int8) {
        PlainJava.run(units, c -> Int8.quantize(c, in, codes, scales, units));
        PlainJava.run(
            USED * HIDDEN,
            c ->
                Int8Warps.gateUp(
                    c,
                    args,
                    beside.directory(),
                    beside.floats(),
                    pool,
                    codes,
                    scales,
                    hidden,
                    type,
                    type,
                    upOffset(),
                    HIDDEN,
                    WIDTH,
                    USED,
                    beside.unit(),
                    1));
        PlainJava.run(hiddenUnits, c -> Int8.quantize(c, hidden, codes, scales, hiddenUnits));
        PlainJava.run(
            WIDTH,
            c ->
                Int8Warps.down(
                    c,
                    args,
                    beside.directory(),
                    beside.floats(),
                    pool,
                    codes,
                    scales,
                    w,
                    out,
                    x,
                    down,
                    downOffset(),
                    WIDTH,
                    HIDDEN,
                    USED,
                    beside.unit(),
                    1));
      } else {
        PlainJava.run(
            USED * HIDDEN,
            c ->
                Warps.gateUp(
                    c,
                    args,
                    beside.directory(),
                    beside.floats(),
                    pool,
                    in,
                    hidden,
                    type,
                    type,
                    upOffset(),
                    HIDDEN,
                    WIDTH,
                    USED,
                    beside.unit(),
                    1));
        PlainJava.run(
            WIDTH,
            c ->
                Warps.down(
                    c,
                    args,
                    beside.directory(),
                    beside.floats(),
                    pool,
                    hidden,
                    w,
                    out,
                    x,
                    down,
                    downOffset(),
                    WIDTH,
                    HIDDEN,
                    USED,
                    beside.unit(),
                    1));
      }
    }
    return x;
  }
}
