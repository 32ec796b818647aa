package io.foregate.tornado.kernels;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.ExactActivations;
import io.foregate.kernels.ExactExperts;
import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.Planes;
import io.foregate.kernels.UnitFunctions;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.PlaneTiles;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PlaneLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** An expert of any magnitudes, on the device and on the CPU, from the same record. */
final class ExactCase {
  static final int WIDTH = 768;
  static final int HIDDEN = 512;
  private static final int EXPERTS = 2;
  private static final int EXPERT = 1;
  private static final int USED = 2;
  private static final int RANK = 1;

  private final ExpertShape shape;
  private final PlaneLayout layout = new PlaneLayout();
  private final MemorySegment record;
  private final IntArray pool;
  private final int recordWord = 5;
  private final UnitCase beside;

  ExactCase(GgmlType gate, GgmlType up, GgmlType down, int unit, Random random) {
    shape = new ExpertShape(WIDTH, HIDDEN, gate, up, down);
    beside = UnitCase.of(unit, EXPERTS, HIDDEN, WIDTH, random);
    long bytes = layout.recordBytes(shape);
    record = Arena.ofAuto().allocate(bytes, 64);
    layout.pack(
        shape,
        new ExpertWeights(
            weights(gate, HIDDEN, WIDTH, random),
            weights(up, HIDDEN, WIDTH, random),
            weights(down, WIDTH, HIDDEN, random)),
        record);
    pool = new IntArray((int) (bytes / 4) + recordWord);
    pool.init(-1);
    pool.getSegment().asSlice(4L * recordWord, bytes).copyFrom(record);
  }

  /** Stretches of 16 have magnitudes of their own, some are zeros. */
  private static Matrix weights(GgmlType type, int rows, int columns, Random random) {
    float[] values = TestMatrix.floats(rows * columns, random);
    float scale = 1;
    for (int i = 0; i < values.length; i++) {
      if (i % 16 == 0) {
        scale = random.nextInt(9) == 0 ? 0 : (float) Math.pow(10, random.nextDouble() * 3 - 3);
      }
      values[i] *= scale;
    }
    return TestMatrix.of(type, rows, columns, values).matrix();
  }

  /**
   * On the CPU.
   *
   * @return what is between the products, and the result
   */
  float[][] onCpu(VectorKernels kernels, float[] x) {
    ExpertWeights w = layout.view(shape, record);
    float[] gate = product(kernels, w.gate(), x);
    float[] up = product(kernels, w.up(), x);
    if (beside.unit() >= UnitFunctions.BIASED) {
      kernels.axpy(1f, beside.gate(), EXPERT * HIDDEN, gate, 0, HIDDEN);
      kernels.axpy(1f, beside.up(), EXPERT * HIDDEN, up, 0, HIDDEN);
    }
    if ((beside.unit() & UnitFunctions.CLAMPED) != 0) {
      kernels.clampedSiluProduct(gate, up, 0, HIDDEN);
    } else {
      kernels.siluProduct(gate, 0, up, 0, gate, 0, HIDDEN);
    }
    float[] y = product(kernels, w.down(), gate);
    if (beside.unit() >= UnitFunctions.BIASED) {
      kernels.axpy(1f, beside.down(), EXPERT * WIDTH, y, 0, WIDTH);
    }
    return new float[][] {gate, y};
  }

  private static float[] product(VectorKernels kernels, Matrix w, float[] x) {
    var row = new ActivationRows(kernels, w.type(), 1, w.columns());
    row.set(x, 0, w.columns(), 0);
    float[] y = new float[w.rows()];
    var scratch = new Scratch();
    int rows = w.rows();
    int columns = w.columns();
    if (w.order() == Matrix.Order.PLANES) {
      PlaneTiles.prepare(kernels, w.type(), row, 0, 1);
      PlaneTiles.multiply(
          kernels, w.type(), w.data(), rows, columns, 0, rows, row, 0, 1, y, rows, 0, scratch);
    } else {
      kernels.matVec(w.type(), w.data(), 0, columns, 0, rows, row, 0, y, 0, scratch);
    }
    return y;
  }

  /**
   * On the device.
   *
   * @param lanes threads of a group
   * @return what {@link #onCpu} does
   */
  float[][] onDevice(float[] input, int lanes, int chains) {
    IntArray args = launchArgs();
    FloatArray x = FloatArray.fromArray(input);
    FloatArray hidden = Poisoned.array(USED * HIDDEN);
    FloatArray out = Poisoned.array(USED * WIDTH);
    FloatArray residual = Poisoned.array(WIDTH);
    FloatArray weights = FloatArray.fromElements(0.25f, 0.5f);
    int units = WIDTH / Planes.UNIT;
    var codes = new IntArray(8192);
    codes.init(0);
    var factors = new FloatArray(16384);
    factors.init(0);
    int gate = shape.gate().id();
    int up = shape.up().id();
    int down = shape.down().id();
    round(ExactActivations.kind(gate), x, codes, factors, 0, units);
    int upInput = ExactActivations.kind(gate) == ExactActivations.kind(up) ? 0 : 11 * units;
    if (upInput > 0) {
      round(ExactActivations.kind(up), x, codes, factors, upInput, units);
    }
    DeviceRun.run(
        USED * HIDDEN,
        lanes,
        g ->
            g.task(
                "kernel",
                ExactExperts::gateUp,
                DeviceRun.context(),
                args,
                beside.directory(),
                beside.floats(),
                pool,
                codes,
                factors,
                hidden,
                gate,
                up,
                0,
                upInput,
                (int) (PlaneLayout.upOffset(shape) / 4),
                HIDDEN,
                WIDTH,
                USED,
                beside.unit(),
                chains),
        new Object[] {args, beside.directory(), beside.floats(), pool, codes, factors},
        new Object[] {hidden});
    round(ExactActivations.kind(down), hidden, codes, factors, 0, HIDDEN / Planes.UNIT);
    DeviceRun.run(
        WIDTH,
        lanes,
        g ->
            g.task(
                "kernel",
                ExactExperts::down,
                DeviceRun.context(),
                args,
                beside.directory(),
                beside.floats(),
                pool,
                codes,
                factors,
                weights,
                out,
                residual,
                down,
                (int) (PlaneLayout.downOffset(shape) / 4),
                WIDTH,
                HIDDEN,
                USED,
                beside.unit(),
                chains),
        new Object[] {
          args, beside.directory(), beside.floats(), pool, codes, factors, weights, residual
        },
        new Object[] {out});
    float[][] result = {new float[HIDDEN], new float[WIDTH]};
    for (int i = 0; i < HIDDEN; i++) {
      result[0][i] = hidden.get(i);
    }
    for (int i = 0; i < WIDTH; i++) {
      result[1][i] = out.get(RANK * WIDTH + i);
    }
    return result;
  }

  private IntArray launchArgs() {
    var args = new IntArray(LaunchArgs.record(3 * USED));
    args.init(0);
    args.set(LaunchArgs.LAYER, UnitCase.LAYER);
    args.set(LaunchArgs.NETWORKS, 1);
    args.set(LaunchArgs.record(0), recordWord);
    args.set(LaunchArgs.rank(USED, 0), RANK);
    args.set(LaunchArgs.expert(USED, 0), EXPERT);
    return args;
  }

  static void round(int kind, FloatArray x, IntArray codes, FloatArray factors, int to, int units) {
    int groups = kind == ExactActivations.BLOCKS_OF_256 ? units / 8 : units;
    DeviceRun.run(
        groups,
        ExactActivations.LANES,
        g -> {
          switch (kind) {
            case ExactActivations.FLOATS ->
                g.task(
                    "kernel",
                    ExactActivations::floats,
                    DeviceRun.context(),
                    x,
                    factors,
                    to * Planes.UNIT,
                    units * Planes.UNIT);
            case ExactActivations.BLOCKS_OF_32 ->
                g.task(
                    "kernel",
                    ExactActivations::blocksOf32,
                    DeviceRun.context(),
                    x,
                    codes,
                    factors,
                    to,
                    units);
            default ->
                g.task(
                    "kernel",
                    ExactActivations::blocksOf256,
                    DeviceRun.context(),
                    x,
                    codes,
                    factors,
                    to);
          }
        },
        new Object[] {x},
        kind == ExactActivations.FLOATS ? new Object[] {factors} : new Object[] {codes, factors});
  }
}
