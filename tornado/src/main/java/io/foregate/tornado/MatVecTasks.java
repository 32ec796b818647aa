package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Int8;
import io.foregate.kernels.Int8Warps;
import io.foregate.kernels.MatVec;
import io.foregate.kernels.Planes;
import io.foregate.kernels.Warps;
import io.foregate.store.ExpertShape;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds products of weights with one token to graphs, in one {@link MatVecVariant}. The self-test
 * and sequences use the same, so that what was tested is what runs.
 *
 * @param codes where activations of 8 bits go, {@link Int8#CODE_WORDS} for each unit of the longest
 * @param scales likewise, {@link Int8#SCALES}
 */
record MatVecTasks(
    MatVecVariant variant,
    KernelContext context,
    GridScheduler grid,
    IntArray codes,
    FloatArray scales) {
  private static final int MOST_LANES = 64;

  /** Threads of a group of warps. */
  private static final int WARP_LANES = 128;

  /** Dense weights, and the small array that says of which layer. */
  record Dense(IntArray step, IntArray directory, IntArray weights, FloatArray floats) {
    static Dense of(IntArray step, DeviceMemory memory) {
      return new Dense(step, memory.directory(), memory.weights(), memory.floats());
    }
  }

  /**
   * {@code y = W x}, see {@link MatVec#product}.
   *
   * @param name of the graph
   * @param at where in {@code y} the result begins
   * @param add 1 for {@code y += W x}, else 0
   */
  void product(
      TaskGraph graph,
      String name,
      String task,
      Dense dense,
      FloatArray x,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int at,
      int add) {
    if (variant == MatVecVariant.PORTABLE) {
      graph.task(
          task,
          MatVec::product,
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
          at,
          add);
      Launches.groups(grid, name + "." + task, rows, lanes(columns));
    } else if (quantized(graph, name, task, x, columns, type)) {
      rounded(graph, name, task, dense, y, part, type, rows, columns, at, add);
    } else {
      graph.task(
          task,
          Warps::product,
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
          at,
          add,
          Warps.WIDTH);
      warps(name + "." + task, rows);
    }
  }

  /**
   * Queries, keys and values, see {@link MatVec#attentionInput}.
   *
   * @param valueRows 0 without values
   */
  void attentionInput(
      TaskGraph graph,
      String name,
      String task,
      Dense dense,
      FloatArray x,
      FloatArray y,
      LayerTypes types,
      int queryRows,
      int keyRows,
      int valueRows,
      int columns) {
    if (variant == MatVecVariant.PORTABLE) {
      graph.task(
          task,
          MatVec::attentionInput,
          context,
          dense.step(),
          dense.directory(),
          dense.weights(),
          dense.floats(),
          x,
          y,
          types.query(),
          types.key(),
          types.value(),
          queryRows,
          keyRows,
          valueRows,
          columns);
      Launches.groups(grid, name + "." + task, queryRows + keyRows + valueRows, lanes(columns));
    } else if (quantized(
        graph, name, task, x, columns, types.query(), types.key(), types.value())) {
      String key = task + "Key";
      String value = task + "Value";
      int valueAt = queryRows + keyRows;
      rounded(
          graph, name, task, dense, y, Directory.QUERY, types.query(), queryRows, columns, 0, 0);
      rounded(
          graph, name, key, dense, y, Directory.KEY, types.key(), keyRows, columns, queryRows, 0);
      if (valueRows > 0) {
        rounded(
            graph,
            name,
            value,
            dense,
            y,
            Directory.VALUE,
            types.value(),
            valueRows,
            columns,
            valueAt,
            0);
      }
    } else {
      graph.task(
          task,
          Warps::attentionInput,
          context,
          dense.step(),
          dense.directory(),
          dense.weights(),
          dense.floats(),
          x,
          y,
          types.query(),
          types.key(),
          types.value(),
          queryRows,
          keyRows,
          valueRows,
          columns,
          Warps.WIDTH);
      warps(name + "." + task, queryRows + keyRows + valueRows);
    }
  }

  /** Gate, up and what is behind them of experts, see {@link Experts#gateUp}. */
  void gateUp(
      TaskGraph graph,
      String name,
      Dense dense,
      IntArray pool,
      FloatArray x,
      FloatArray hidden,
      FeedForwardTypes types) {
    ExpertShape shape = types.experts();
    int used = types.used();
    int gate = shape.gate().id();
    int up = shape.up().id();
    int offset = (int) (PlaneLayout.upOffset(shape) / 4);
    int rows = shape.feedForward();
    int columns = shape.embedding();
    if (variant == MatVecVariant.PORTABLE) {
      graph.task(
          "gateUp",
          Experts::gateUp,
          context,
          dense.step(),
          dense.directory(),
          dense.floats(),
          pool,
          x,
          hidden,
          gate,
          up,
          offset,
          rows,
          columns,
          used,
          types.unit());
      Launches.groups(grid, name + ".gateUp", used * rows, lanes(columns));
    } else if (quantized(graph, name, "gateUp", x, columns, gate, up)) {
      graph.task(
          "gateUp",
          Int8Warps::gateUp,
          context,
          dense.step(),
          dense.directory(),
          dense.floats(),
          pool,
          codes,
          scales,
          hidden,
          gate,
          up,
          offset,
          rows,
          columns,
          used,
          types.unit(),
          Warps.WIDTH);
      warps(name + ".gateUp", used * rows);
    } else {
      graph.task(
          "gateUp",
          Warps::gateUp,
          context,
          dense.step(),
          dense.directory(),
          dense.floats(),
          pool,
          x,
          hidden,
          gate,
          up,
          offset,
          rows,
          columns,
          used,
          types.unit(),
          Warps.WIDTH);
      warps(name + ".gateUp", used * rows);
    }
  }

  /** Down and the weighted sum of experts, see {@link Experts#down}. */
  void down(
      TaskGraph graph,
      String name,
      Dense dense,
      IntArray pool,
      FloatArray hidden,
      FloatArray weights,
      FloatArray out,
      FloatArray x,
      FeedForwardTypes types) {
    ExpertShape shape = types.experts();
    int used = types.used();
    int type = shape.down().id();
    int offset = (int) (PlaneLayout.downOffset(shape) / 4);
    int rows = shape.embedding();
    int columns = shape.feedForward();
    if (variant == MatVecVariant.PORTABLE) {
      graph.task(
          "down",
          Experts::down,
          context,
          dense.step(),
          dense.directory(),
          dense.floats(),
          pool,
          hidden,
          weights,
          out,
          x,
          type,
          offset,
          rows,
          columns,
          used,
          types.unit());
      Launches.groups(grid, name + ".down", rows, lanes(columns));
    } else if (quantized(graph, name, "down", hidden, used * columns, type)) {
      graph.task(
          "down",
          Int8Warps::down,
          context,
          dense.step(),
          dense.directory(),
          dense.floats(),
          pool,
          codes,
          scales,
          weights,
          out,
          x,
          type,
          offset,
          rows,
          columns,
          used,
          types.unit(),
          Warps.WIDTH);
      warps(name + ".down", rows);
    } else {
      graph.task(
          "down",
          Warps::down,
          context,
          dense.step(),
          dense.directory(),
          dense.floats(),
          pool,
          hidden,
          weights,
          out,
          x,
          type,
          offset,
          rows,
          columns,
          used,
          types.unit(),
          Warps.WIDTH);
      warps(name + ".down", rows);
    }
  }

  /**
   * A product with activations of 8 bits, which {@link #quantized} has made.
   *
   * @param at where in {@code y} the result begins
   */
  private void rounded(
      TaskGraph graph,
      String name,
      String task,
      Dense dense,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int at,
      int add) {
    graph.task(
        task,
        Int8Warps::product,
        context,
        dense.step(),
        dense.directory(),
        dense.weights(),
        codes,
        scales,
        y,
        part,
        type,
        rows,
        columns,
        at,
        add,
        Warps.WIDTH);
    warps(name + "." + task, rows);
  }

  /** Rounds what a task reads to 8 bits, if it is to and all of its types can; whether it did. */
  private boolean quantized(
      TaskGraph graph, String name, String task, FloatArray x, int columns, int... types) {
    if (variant != MatVecVariant.INT8 || !Arrays.stream(types).allMatch(Int8::supports)) {
      return false;
    }
    int units = columns / Planes.UNIT;
    graph.task(task + "8", Int8::quantize, context, x, codes, scales, units);
    Launches.perThread(grid, name + "." + task + "8", units, MOST_LANES);
    return true;
  }

  private void warps(String task, int rows) {
    Launches.groups(grid, task, Math.ceilDiv(rows, WARP_LANES / Warps.WIDTH), WARP_LANES);
  }

  private static int lanes(int columns) {
    return Launches.lanes(columns / Planes.UNIT, MOST_LANES);
  }
}
