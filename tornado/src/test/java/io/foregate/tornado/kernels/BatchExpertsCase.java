package io.foregate.tornado.kernels;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.MmaTiles;
import io.foregate.kernels.Tiles;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PlaneLayout;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Random experts in a pool, and the kernels that run some of them for all tokens of a batch that
 * chose them. Expert 0 is chosen by every token, so that more than one tile of it may be needed.
 */
final class BatchExpertsCase {
  static final int EXPERTS = 5;
  private static final int WIDTH = 256;
  private static final int HIDDEN = 512;
  private static final int USED = 2;

  /** Two f16 that are no numbers. */
  private static final int NAN_PAIR = 0x7e007e00;

  /** Slot of each expert. */
  private static final int[] SLOT = {4, 0, 2, 5, 1};

  private final ExpertShape shape;
  private final int tokens;
  private final int most;
  private final TestMatrix[] gate = new TestMatrix[EXPERTS];
  private final TestMatrix[] up = new TestMatrix[EXPERTS];
  private final TestMatrix[] down = new TestMatrix[EXPERTS];
  private final IntArray pool;
  private final int slotWords;
  private final float[] normed;
  private final float[] residual;
  private final FloatArray weights;
  private final UnitCase beside;

  /** Expert of each pair. */
  private final int[] chosen;

  BatchExpertsCase(GgmlType type, GgmlType downType, int tokens, int most, int unit) {
    var random = new Random(type.id());
    this.shape = new ExpertShape(WIDTH, HIDDEN, type, type, downType);
    this.tokens = tokens;
    this.most = most;
    var layout = new PlaneLayout();
    long bytes = layout.recordBytes(shape);
    this.slotWords = (int) (bytes / 4);
    this.pool = new IntArray((EXPERTS + 1) * slotWords);
    for (int i = 0; i < pool.getSize(); i++) {
      pool.set(i, random.nextInt());
    }
    for (int e = 0; e < EXPERTS; e++) {
      gate[e] = TestMatrix.random(type, HIDDEN, WIDTH, random);
      up[e] = TestMatrix.random(type, HIDDEN, WIDTH, random);
      down[e] = TestMatrix.random(downType, WIDTH, HIDDEN, random);
      var expert = new ExpertWeights(gate[e].matrix(), up[e].matrix(), down[e].matrix());
      layout.pack(shape, expert, pool.getSegment().asSlice(SLOT[e] * bytes, bytes));
    }
    this.normed = TestMatrix.floats(tokens * WIDTH, random);
    for (int i = 0; i < normed.length; i++) {
      normed[i] *= 0.1f; // keeps the activation out of saturation
    }
    this.residual = TestMatrix.floats(tokens * WIDTH, random);
    this.weights = FloatArray.fromArray(TestMatrix.floats(most * USED, random));
    this.beside = UnitCase.of(unit, EXPERTS, HIDDEN, WIDTH, random);
    this.chosen = new int[tokens * USED];
    for (int t = 0; t < tokens; t++) {
      int all = random.nextInt(USED);
      chosen[t * USED + all] = 0;
      chosen[t * USED + 1 - all] = 1 + random.nextInt(EXPERTS - 1);
    }
  }

  /** In double precision. */
  double[] expected() {
    double[] result = TestMatrix.doubles(residual);
    for (int pair = 0; pair < chosen.length; pair++) {
      int token = pair / USED;
      int e = chosen[pair];
      double[] x = new double[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        x[i] = normed[token * WIDTH + i];
      }
      double[] g = gate[e].times(x);
      double[] u = up[e].times(x);
      double[] h = beside.hidden(e, g, u);
      double[] y = down[e].times(h);
      for (int i = 0; i < WIDTH; i++) {
        result[token * WIDTH + i] += weights.get(pair) * (y[i] + beside.down(e, i, WIDTH));
      }
    }
    return result;
  }

  private int mostTiles() {
    return Experts.mostTiles(most, EXPERTS, USED);
  }

  private IntArray launchArgs(int[] experts, boolean last) {
    int tiles = mostTiles();
    var args = new IntArray(LaunchArgs.tile(tiles) + most * USED);
    args.init(0);
    args.set(LaunchArgs.LAYER, UnitCase.LAYER);
    args.set(LaunchArgs.SUM_DUE, last ? 1 : 0);
    args.set(LaunchArgs.BATCH_TOKENS, tokens);
    int tile = -1;
    int at = LaunchArgs.tile(tiles);
    for (int e : experts) {
      int room = 0;
      for (int pair = 0; pair < chosen.length; pair++) {
        if (chosen[pair] == e) {
          if (room == 0) {
            tile++;
            room = Tiles.TOKENS;
            args.set(LaunchArgs.tile(tile) + LaunchArgs.TILE_RECORD, SLOT[e] * slotWords);
            args.set(LaunchArgs.tile(tile) + LaunchArgs.TILE_PAIR, at);
            args.set(LaunchArgs.tile(tile) + LaunchArgs.TILE_EXPERT, e);
          }
          room--;
          args.set(LaunchArgs.tile(tile) + LaunchArgs.TILE_COUNT, Tiles.TOKENS - room);
          args.set(at++, pair);
        }
      }
    }
    args.set(LaunchArgs.TILES, tile + 1);
    return args;
  }

  private FloatArray residual() {
    FloatArray x = Poisoned.array(tokens * WIDTH);
    for (int i = 0; i < residual.length; i++) {
      x.set(i, residual[i]);
    }
    return x;
  }

  private FloatArray normed() {
    var x = new FloatArray(most * WIDTH);
    x.init(Float.NaN);
    for (int i = 0; i < normed.length; i++) {
      x.set(i, normed[i]);
    }
    return x;
  }

  private int upOffset() {
    return (int) (PlaneLayout.upOffset(shape) / 4);
  }

  private int downOffset() {
    return (int) (PlaneLayout.downOffset(shape) / 4);
  }

  /** One of the three products of a wave, see {@link Experts#multiply}. */
  private interface Product {
    void of(
        IntArray args,
        FloatArray x,
        FloatArray y,
        int type,
        int offset,
        int rows,
        int columns,
        int share,
        int mode,
        int part);
  }

  private interface Combine {
    void of(IntArray args, FloatArray out, FloatArray x);
  }

  FloatArray onDevice(int[][] waves) {
    return computed(
        waves,
        this::multiplyOnDevice,
        (args, out, x) ->
            DeviceRun.run(
                Math.ceilDiv(most * WIDTH, 64),
                64,
                g ->
                    g.task(
                        "kernel",
                        Experts::combine,
                        DeviceRun.context(),
                        args,
                        weights,
                        out,
                        x,
                        WIDTH,
                        USED),
                new Object[] {args, weights, out},
                new Object[] {x}));
  }

  FloatArray asPlainJava(int[][] waves) {
    return computed(
        waves,
        (args, x, y, type, offset, rows, columns, share, mode, part) ->
            PlainJava.run(
                Tiles.ofRows(rows) * mostTiles(),
                c ->
                    Experts.multiply(
                        c,
                        args,
                        beside.directory(),
                        beside.floats(),
                        pool,
                        x,
                        y,
                        type,
                        offset,
                        rows,
                        columns,
                        share,
                        mode,
                        part,
                        beside.unit())),
        this::combine);
  }

  /** The error of experts that run in two waves in a model of a device with tensor cores. */
  static double errorInModel(
      GgmlType type, GgmlType downType, int tokens, int most, int unit, int groups) {
    var run = new BatchExpertsCase(type, downType, tokens, most, unit);
    FloatArray found =
        run.computed(
            new int[][] {{2, 4}, {3, 0, 1}},
            (args, x, y, matrixType, offset, rows, columns, share, mode, part) -> {
              Packed in = run.packed(args, x, columns, share, groups);
              TensorCores.run(
                  groups,
                  MmaTiles.LANES,
                  c ->
                      MmaTiles.experts(
                          c,
                          args,
                          run.beside.directory(),
                          run.beside.floats(),
                          run.pool,
                          in.f16,
                          in.factors,
                          in.sums,
                          y,
                          matrixType,
                          offset,
                          rows,
                          columns,
                          share,
                          mode,
                          part,
                          run.beside.unit()));
            },
            run::combine);
    return TestMatrix.error(run.expected(), found);
  }

  /** The same on TornadoVM's default device. */
  FloatArray onTensorCores(int[][] waves, int groups) {
    return computed(
        waves,
        (args, x, y, type, offset, rows, columns, share, mode, part) -> {
          Packed in = packed(args, x, columns, share, groups);
          DeviceRun.run(
              groups,
              MmaTiles.LANES,
              g ->
                  g.task(
                      "kernel",
                      MmaTiles::experts,
                      DeviceRun.context(),
                      args,
                      beside.directory(),
                      beside.floats(),
                      pool,
                      in.f16,
                      in.factors,
                      in.sums,
                      y,
                      type,
                      offset,
                      rows,
                      columns,
                      share,
                      mode,
                      part,
                      beside.unit()),
              new Object[] {args, beside.directory(), beside.floats(), pool, in.f16, in.factors},
              new Object[] {in.sums, y});
        },
        this::combine);
  }

  /** What {@link MmaTiles#experts} reads of activations, and room for its sums. */
  private record Packed(IntArray f16, FloatArray factors, FloatArray sums) {}

  private Packed packed(IntArray args, FloatArray x, int columns, int share, int groups) {
    int rowsOfToken = share == 1 ? USED : 1;
    var f16 = new IntArray(most * USED * columns / 2);
    f16.init(NAN_PAIR);
    FloatArray factors = Poisoned.array(most * USED);
    PlainJava.run(
        most * rowsOfToken, c -> MmaTiles.pack(c, args, x, f16, factors, columns, 3, rowsOfToken));
    return new Packed(f16, factors, Poisoned.array(groups * MmaTiles.GROUP_SUMS));
  }

  private void combine(IntArray args, FloatArray out, FloatArray x) {
    PlainJava.run(most * WIDTH, c -> Experts.combine(c, args, weights, out, x, WIDTH, USED));
  }

  private FloatArray computed(int[][] waves, Product product, Combine combine) {
    FloatArray x = residual();
    FloatArray in = normed();
    FloatArray hidden = Poisoned.array(most * USED * HIDDEN);
    FloatArray out = Poisoned.array(most * USED * WIDTH);
    int type = shape.gate().id();
    int down = shape.down().id();
    for (int wave = 0; wave < waves.length; wave++) {
      IntArray args = launchArgs(waves[wave], wave == waves.length - 1);
      int gateBias = Directory.GATE_PROJECTION_BIAS;
      product.of(args, in, hidden, type, 0, HIDDEN, WIDTH, USED, Tiles.STORE, gateBias);
      int upBias = Directory.UP_PROJECTION_BIAS;
      product.of(args, in, hidden, type, upOffset(), HIDDEN, WIDTH, USED, Tiles.UNIT, upBias);
      int downBias = Directory.DOWN_PROJECTION_BIAS;
      product.of(args, hidden, out, down, downOffset(), WIDTH, HIDDEN, 1, Tiles.STORE, downBias);
      combine.of(args, out, x);
    }
    return x;
  }

  private void multiplyOnDevice(
      IntArray args,
      FloatArray x,
      FloatArray y,
      int type,
      int offset,
      int rows,
      int columns,
      int share,
      int mode,
      int part) {
    DeviceRun.run(
        Tiles.ofRows(rows) * mostTiles(),
        Tiles.LANES,
        g ->
            g.task(
                "kernel",
                Experts::multiply,
                DeviceRun.context(),
                args,
                beside.directory(),
                beside.floats(),
                pool,
                x,
                y,
                type,
                offset,
                rows,
                columns,
                share,
                mode,
                part,
                beside.unit()),
        new Object[] {args, beside.directory(), beside.floats(), pool, x},
        new Object[] {y});
  }
}
