package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.MatMul;
import io.foregate.kernels.MmaTiles;
import io.foregate.kernels.Tiles;
import io.foregate.store.ExpertShape;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds products of weights with the tokens of a batch to graphs, in one {@link MatMulVariant}. The
 * self-test and sequences use the same, so that what was tested is what runs.
 *
 * @param tokens of the largest batch
 * @param halves where activations as halves go, two to a word, for the longest
 * @param factors likewise, one for each row
 * @param sums see {@link MmaTiles}
 */
record MatMulTasks(
    MatMulVariant variant,
    KernelContext context,
    GridScheduler grid,
    int tokens,
    IntArray halves,
    FloatArray factors,
    FloatArray sums) {
  private static final int THREAD_LANES = 64;

  /** Where steps tell how many tokens there are: those of layers, and those of experts. */
  private static final int LAYER_TOKENS = 2;

  private static final int EXPERT_TOKENS = 3;

  /** Makes ready what the next products of a batch read. */
  void read(TaskGraph graph, String name, String task, IntArray step, FloatArray x, int columns) {
    read(graph, name, task, step, x, columns, LAYER_TOKENS, 1);
  }

  private void read(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      FloatArray x,
      int columns,
      int tokensAt,
      int share) {
    if (variant == MatMulVariant.MMA) {
      graph.task(task, MmaTiles::pack, context, step, x, halves, factors, columns, tokensAt, share);
      Launches.groups(grid, name + "." + task, tokens * share, MmaTiles.LANES);
    }
  }

  /**
   * {@code y_t = W x_t} for each token of a batch, see {@link MatMul#product}.
   *
   * @param name of the graph
   * @param x what was {@link #read} last
   */
  void product(
      TaskGraph graph,
      String name,
      String task,
      MatVecTasks.Dense dense,
      FloatArray x,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int stride,
      int at,
      int mode) {
    int tiles = Tiles.ofRows(rows) * Tiles.ofTokens(tokens);
    if (hasMma(type)) {
      graph.task(
          task,
          MmaTiles::product,
          context,
          dense.step(),
          dense.directory(),
          dense.weights(),
          dense.floats(),
          halves,
          factors,
          sums,
          y,
          part,
          type,
          rows,
          columns,
          stride,
          at,
          mode);
      Launches.groups(grid, name + "." + task, MmaTiles.groups(tiles), MmaTiles.LANES);
    } else {
      portable(graph, name, task, dense, x, y, part, type, rows, columns, stride, at, mode);
    }
  }

  /** The same in the portable variant, for what is to come out alike whatever the variant. */
  void portable(
      TaskGraph graph,
      String name,
      String task,
      MatVecTasks.Dense dense,
      FloatArray x,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int stride,
      int at,
      int mode) {
    graph.task(
        task,
        MatMul::product,
        context,
        dense.step(),
        dense.directory(),
        dense.weights(),
        dense.floats(),
        x,
        y,
        part,
        type,
        rows,
        columns,
        stride,
        at,
        mode);
    int tiles = Tiles.ofRows(rows) * Tiles.ofTokens(tokens);
    Launches.groups(grid, name + "." + task, tiles, Tiles.LANES);
  }

  private boolean hasMma(int type) {
    return variant == MatMulVariant.MMA && MmaTiles.supports(type);
  }

  /**
   * All that experts do for a batch: their three products, and the weighted sums, added to {@code
   * residual}. See {@link Experts#multiply} and {@link Experts#combine}.
   *
   * @param dense whose step tells the tiles
   * @param pool where the experts are
   * @param x {@code [tokens][embedding]}
   * @param hidden {@code [tokens][used][width]}
   * @param out {@code [tokens][used][embedding]}
   * @param weights {@code [tokens][used]}
   * @param experts that there are to choose from
   */
  void experts(
      TaskGraph graph,
      String name,
      MatVecTasks.Dense dense,
      IntArray pool,
      FloatArray x,
      FloatArray hidden,
      FloatArray out,
      FloatArray weights,
      FloatArray residual,
      FeedForwardTypes types,
      int experts) {
    ExpertShape shape = types.experts();
    int wide = shape.embedding();
    int width = shape.feedForward();
    read(graph, name, "readInput", dense.step(), x, wide, EXPERT_TOKENS, 1);
    var product = new ExpertProduct(graph, name, dense, pool, types, experts);
    product.add("gate", x, hidden, shape.gate().id(), 0, width, wide);
    int up = (int) (PlaneLayout.upOffset(shape) / 4);
    product.add("up", x, hidden, shape.up().id(), up, width, wide);
    read(graph, name, "readHidden", dense.step(), hidden, width, EXPERT_TOKENS, types.used());
    int down = (int) (PlaneLayout.downOffset(shape) / 4);
    product.add("down", hidden, out, shape.down().id(), down, wide, width);
    graph.task(
        "combine",
        Experts::combine,
        context,
        dense.step(),
        weights,
        out,
        residual,
        wide,
        types.used());
    Launches.perThread(grid, name + ".combine", tokens * wide, THREAD_LANES);
  }

  /** The three products of experts, in a graph. */
  private final class ExpertProduct {
    private final TaskGraph graph;
    private final String name;
    private final MatVecTasks.Dense dense;
    private final IntArray pool;
    private final FeedForwardTypes types;
    private final int experts;

    ExpertProduct(
        TaskGraph graph,
        String name,
        MatVecTasks.Dense dense,
        IntArray pool,
        FeedForwardTypes types,
        int experts) {
      this.graph = graph;
      this.name = name;
      this.dense = dense;
      this.pool = pool;
      this.types = types;
      this.experts = experts;
    }

    void add(String task, FloatArray x, FloatArray y, int type, int offset, int rows, int columns) {
      int share = task.equals("down") ? 1 : types.used();
      int mode = task.equals("up") ? Tiles.UNIT : Tiles.STORE;
      int tiles = Tiles.ofRows(rows) * Experts.mostTiles(tokens, experts, types.used());
      if (hasMma(type)) {
        graph.task(
            task,
            MmaTiles::experts,
            context,
            dense.step(),
            dense.directory(),
            dense.floats(),
            pool,
            halves,
            factors,
            sums,
            y,
            type,
            offset,
            rows,
            columns,
            share,
            mode,
            biasPart(task),
            types.unit());
        Launches.groups(grid, name + "." + task, MmaTiles.groups(tiles), MmaTiles.LANES);
      } else {
        graph.task(
            task,
            Experts::multiply,
            context,
            dense.step(),
            dense.directory(),
            dense.floats(),
            pool,
            x,
            y,
            type,
            offset,
            rows,
            columns,
            share,
            mode,
            biasPart(task),
            types.unit());
        Launches.groups(grid, name + "." + task, tiles, Tiles.LANES);
      }
    }

    private static int biasPart(String task) {
      return switch (task) {
        case "gate" -> Directory.GATE_PROJECTION_BIAS;
        case "up" -> Directory.UP_PROJECTION_BIAS;
        default -> Directory.DOWN_PROJECTION_BIAS;
      };
    }
  }
}
