package io.foregate.tornado;

import static io.foregate.tornado.TrialLayer.HIDDEN;
import static io.foregate.tornado.TrialLayer.KV;
import static io.foregate.tornado.TrialLayer.USED;
import static io.foregate.tornado.TrialLayer.WIDTH;

import io.foregate.kernels.Directory;
import io.foregate.kernels.MmaTiles;
import io.foregate.kernels.Tiles;
import io.foregate.tornado.KernelChoice.Outcome;
import java.util.Arrays;
import java.util.List;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** All products of a small layer with a batch, in any variant. */
final class MatMulTrial {
  /** More than a tile has, and not as many as two. */
  private static final int TOKENS = 52;

  private final TrialLayer layer;
  private final IntArray step = IntArray.fromElements(0, 0, TOKENS);
  private final IntArray expertStep = BatchStep.array(USED, USED, TOKENS);
  private final FloatArray x;
  private final FloatArray weights;

  MatMulTrial(LayerTypes types) {
    this.layer = new TrialLayer(types);
    this.x = layer.random(TOKENS * WIDTH);
    this.weights = layer.random(TOKENS * USED);
    int[] chosen = new int[TOKENS * USED];
    Arrays.setAll(chosen, pair -> pair % USED);
    BatchStep batch = BatchStep.of(expertStep, USED, USED, TOKENS);
    for (int expert = 0; expert < USED; expert++) {
      batch.add(layer.record(expert), expert, chosen, chosen.length);
    }
    batch.end(0, true, TOKENS);
  }

  /**
   * Runs the layer on the default device.
   *
   * @throws RuntimeException if the device cannot
   */
  Outcome run(MatMulVariant variant) {
    LayerTypes types = layer.types();
    String name = "batch" + variant.id() + Integer.toHexString(types.hashCode());
    var sums = new FloatArray(MmaTiles.MOST_GROUPS * MmaTiles.GROUP_SUMS);
    var tasks =
        new MatMulTasks(
            variant,
            new KernelContext(),
            new GridScheduler(),
            TOKENS,
            new IntArray(TOKENS * Math.max(WIDTH, USED * HIDDEN) / 2),
            new FloatArray(TOKENS * USED),
            sums);
    MatVecTasks.Dense dense = layer.dense(step);
    int stride = WIDTH + KV;
    var y = new FloatArray(TOKENS * stride);
    var hidden = new FloatArray(TOKENS * USED * HIDDEN);
    var out = new FloatArray(TOKENS * USED * WIDTH);
    var sum = new FloatArray(TOKENS * WIDTH);
    TaskGraph graph = layer.graph(name);
    graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, step, expertStep, x, weights, sums);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, sum);
    tasks.read(graph, name, "read", step, x, WIDTH);
    int query = types.query();
    tasks.product(
        graph,
        name,
        "query",
        dense,
        x,
        y,
        Directory.QUERY,
        query,
        WIDTH,
        WIDTH,
        stride,
        0,
        Tiles.STORE);
    int key = types.key();
    tasks.product(
        graph, name, "key", dense, x, y, Directory.KEY, key, KV, WIDTH, stride, WIDTH, Tiles.STORE);
    int output = types.output();
    tasks.product(
        graph,
        name,
        "output",
        dense,
        x,
        sum,
        Directory.OUTPUT,
        output,
        WIDTH,
        WIDTH,
        WIDTH,
        0,
        Tiles.ADD);
    MatVecTasks.Dense experts = layer.dense(expertStep);
    tasks.experts(
        graph, name, experts, layer.pool(), x, hidden, out, weights, sum, layer.networks(), USED);
    return TrialLayer.run(graph, tasks.grid(), sum, List.of(y, hidden, sum));
  }
}
