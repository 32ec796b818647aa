package io.foregate.tornado;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Tiles;
import io.foregate.store.ExpertShape;
import io.foregate.store.ExpertWeights;
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

  private IntArray step(int[] experts, boolean last) {
    int tiles = mostTiles();
    var step = new IntArray(Experts.TILES + Experts.TILE_WORDS * tiles + most * USED);
    step.init(0);
    step.set(0, UnitCase.LAYER);
    step.set(2, last ? 1 : 0);
    step.set(3, tokens);
    int tile = -1;
    int at = Experts.TILES + Experts.TILE_WORDS * tiles;
    for (int e : experts) {
      int room = 0;
      for (int pair = 0; pair < chosen.length; pair++) {
        if (chosen[pair] == e) {
          if (room == 0) {
            tile++;
            room = Tiles.TOKENS;
            step.set(Experts.TILES + Experts.TILE_WORDS * tile, SLOT[e] * slotWords);
            step.set(Experts.TILES + Experts.TILE_WORDS * tile + 1, at);
            step.set(Experts.TILES + Experts.TILE_WORDS * tile + 3, e);
          }
          room--;
          step.set(Experts.TILES + Experts.TILE_WORDS * tile + 2, Tiles.TOKENS - room);
          step.set(at++, pair);
        }
      }
    }
    step.set(1, tile + 1);
    return step;
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

  FloatArray onDevice(int[][] waves) {
    FloatArray x = residual();
    FloatArray in = normed();
    FloatArray hidden = Poisoned.array(most * USED * HIDDEN);
    FloatArray out = Poisoned.array(most * USED * WIDTH);
    int type = shape.gate().id();
    for (int wave = 0; wave < waves.length; wave++) {
      IntArray step = step(waves[wave], wave == waves.length - 1);
      run(
          step,
          in,
          hidden,
          type,
          0,
          HIDDEN,
          WIDTH,
          USED,
          Tiles.STORE,
          Directory.GATE_PROJECTION_BIAS);
      run(
          step,
          in,
          hidden,
          type,
          upOffset(),
          HIDDEN,
          WIDTH,
          USED,
          Tiles.UNIT,
          Directory.UP_PROJECTION_BIAS);
      run(
          step,
          hidden,
          out,
          shape.down().id(),
          downOffset(),
          WIDTH,
          HIDDEN,
          1,
          Tiles.STORE,
          Directory.DOWN_PROJECTION_BIAS);
      DeviceRun.run(
          Math.ceilDiv(most * WIDTH, 64),
          64,
          g ->
              g.task(
                  "kernel",
                  Experts::combine,
                  DeviceRun.context(),
                  step,
                  weights,
                  out,
                  x,
                  WIDTH,
                  USED),
          new Object[] {step, weights, out},
          new Object[] {x});
    }
    return x;
  }

  private void run(
      IntArray step,
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
                step,
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
        new Object[] {step, beside.directory(), beside.floats(), pool, x},
        new Object[] {y});
  }

  FloatArray asPlainJava(int[][] waves) {
    FloatArray x = residual();
    FloatArray in = normed();
    FloatArray hidden = Poisoned.array(most * USED * HIDDEN);
    FloatArray out = Poisoned.array(most * USED * WIDTH);
    int type = shape.gate().id();
    int down = shape.down().id();
    int most = mostTiles();
    for (int wave = 0; wave < waves.length; wave++) {
      IntArray step = step(waves[wave], wave == waves.length - 1);
      PlainJava.run(
          Tiles.ofRows(HIDDEN) * most,
          c ->
              Experts.multiply(
                  c,
                  step,
                  beside.directory(),
                  beside.floats(),
                  pool,
                  in,
                  hidden,
                  type,
                  0,
                  HIDDEN,
                  WIDTH,
                  USED,
                  Tiles.STORE,
                  Directory.GATE_PROJECTION_BIAS,
                  beside.unit()));
      PlainJava.run(
          Tiles.ofRows(HIDDEN) * most,
          c ->
              Experts.multiply(
                  c,
                  step,
                  beside.directory(),
                  beside.floats(),
                  pool,
                  in,
                  hidden,
                  type,
                  upOffset(),
                  HIDDEN,
                  WIDTH,
                  USED,
                  Tiles.UNIT,
                  Directory.UP_PROJECTION_BIAS,
                  beside.unit()));
      PlainJava.run(
          Tiles.ofRows(WIDTH) * most,
          c ->
              Experts.multiply(
                  c,
                  step,
                  beside.directory(),
                  beside.floats(),
                  pool,
                  hidden,
                  out,
                  down,
                  downOffset(),
                  WIDTH,
                  HIDDEN,
                  1,
                  Tiles.STORE,
                  Directory.DOWN_PROJECTION_BIAS,
                  beside.unit()));
      PlainJava.run(this.most * WIDTH, c -> Experts.combine(c, step, weights, out, x, WIDTH, USED));
    }
    return x;
  }
}
