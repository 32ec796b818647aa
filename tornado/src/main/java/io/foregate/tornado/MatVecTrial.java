package io.foregate.tornado;

import static io.foregate.tornado.TrialLayer.HIDDEN;
import static io.foregate.tornado.TrialLayer.KV;
import static io.foregate.tornado.TrialLayer.USED;
import static io.foregate.tornado.TrialLayer.WIDTH;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Int8;
import io.foregate.kernels.Planes;
import io.foregate.tornado.KernelChoice.Outcome;
import java.util.List;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** All products of a small layer with one token, in any variant. */
final class MatVecTrial {
  private final TrialLayer layer;
  private final IntArray step = IntArray.fromElements(0);
  private final IntArray expertStep = new IntArray(Experts.PLACES + 3 * USED);
  private final FloatArray x;
  private final FloatArray expertWeights = FloatArray.fromElements(0.7f, 0.3f);

  MatVecTrial(LayerTypes types) {
    this.layer = new TrialLayer(types);
    this.x = layer.random(WIDTH);
    expertStep.init(0);
    expertStep.set(1, USED);
    expertStep.set(2, 1);
    for (int i = 0; i < USED; i++) {
      expertStep.set(Experts.PLACES + i, layer.record(i));
      expertStep.set(Experts.PLACES + USED + i, i);
    }
  }

  /**
   * Runs the layer on the default device.
   *
   * @throws RuntimeException if the device cannot
   */
  Outcome run(MatVecVariant variant) {
    LayerTypes types = layer.types();
    String name = "trial" + variant.id() + Integer.toHexString(types.hashCode());
    int units = Math.max(WIDTH, USED * HIDDEN) / Planes.UNIT;
    var tasks =
        new MatVecTasks(
            variant,
            new KernelContext(),
            new GridScheduler(),
            new IntArray(units * Int8.CODE_WORDS),
            new FloatArray(units * Int8.SCALES));
    MatVecTasks.Dense dense = layer.dense(step);
    var y = new FloatArray(WIDTH);
    var qkv = new FloatArray(WIDTH + 2 * KV);
    var hidden = new FloatArray(USED * HIDDEN);
    var out = new FloatArray(USED * WIDTH);
    var sum = new FloatArray(WIDTH);
    sum.init(0f);
    TaskGraph graph = layer.graph(name);
    graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, step, expertStep, x, expertWeights);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, sum);
    tasks.product(
        graph, name, "product", dense, x, y, Directory.OUTPUT, types.output(), WIDTH, WIDTH, 0, 0);
    tasks.attentionInput(graph, name, "input", dense, x, qkv, types, WIDTH, KV, KV, WIDTH);
    FeedForwardTypes networks = layer.networks();
    MatVecTasks.Dense experts = layer.dense(expertStep);
    tasks.gateUp(graph, name, experts, layer.pool(), x, hidden, networks);
    tasks.down(graph, name, experts, layer.pool(), hidden, expertWeights, out, sum, networks);
    return TrialLayer.run(graph, tasks.grid(), sum, List.of(y, qkv, hidden, sum));
  }
}
