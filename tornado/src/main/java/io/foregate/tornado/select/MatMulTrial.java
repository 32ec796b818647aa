package io.foregate.tornado.select;

import static io.foregate.tornado.select.TrialLayer.HIDDEN;
import static io.foregate.tornado.select.TrialLayer.KV;
import static io.foregate.tornado.select.TrialLayer.USED;
import static io.foregate.tornado.select.TrialLayer.WIDTH;

import io.foregate.kernels.Directory;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.products.BatchNetworkArgs;
import io.foregate.tornado.products.MatMulVariant;
import io.foregate.tornado.products.NetworkBuffers;
import io.foregate.tornado.products.Networks;
import io.foregate.tornado.products.ProductBuffers;
import io.foregate.tornado.products.ProductKernels;
import io.foregate.tornado.products.ProductOutput;
import io.foregate.tornado.products.QkvMatrices;
import io.foregate.tornado.select.VariantChoice.Outcome;
import io.foregate.tornado.weights.LayerTypes;
import java.util.Arrays;
import java.util.List;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** All products of a small layer with a batch, in any variant. */
final class MatMulTrial {
  /** More than a tile has, and not as many as two. */
  private static final int TOKENS = 52;

  private final TrialLayer layer;
  private final IntArray args = IntArray.fromElements(0, 0, TOKENS);
  private final IntArray networkArgs = BatchNetworkArgs.array(USED, USED, TOKENS);
  private final FloatArray x;
  private final FloatArray weights;

  MatMulTrial(LayerTypes types) {
    this.layer = new TrialLayer(types);
    this.x = layer.random(TOKENS * WIDTH);
    this.weights = layer.random(TOKENS * USED);
    int[] chosen = new int[TOKENS * USED];
    Arrays.setAll(chosen, pair -> pair % USED);
    BatchNetworkArgs networks = BatchNetworkArgs.of(networkArgs, USED, USED, TOKENS);
    for (int expert = 0; expert < USED; expert++) {
      networks.add(layer.record(expert), expert, chosen, chosen.length);
    }
    networks.end(0, true, TOKENS);
  }

  /**
   * Runs the layer on the default device.
   *
   * @throws RuntimeException if the device cannot
   */
  Outcome run(MatMulVariant variant) {
    LayerTypes types = layer.types();
    ProductBuffers scratch = ProductBuffers.of(variant.scratch(TrialLayer.load(TOKENS)));
    ProductKernels kernels = variant.kernels(layer.dense(), scratch, TOKENS);
    var y = new FloatArray(TOKENS * (WIDTH + KV));
    var hidden = new FloatArray(TOKENS * USED * HIDDEN);
    var out = new FloatArray(TOKENS * USED * WIDTH);
    var sum = new FloatArray(TOKENS * WIDTH);
    Stage stage = layer.stage("batch" + variant.id() + Integer.toHexString(types.hashCode()), args);
    stage
        .graph()
        .transferToDevice(
            DataTransferMode.FIRST_EXECUTION, args, networkArgs, x, weights, scratch.sums());
    stage.toDevice(sum);
    kernels.input(stage, x, QkvMatrices.of(types, WIDTH, KV, 0, WIDTH), y);
    kernels.product(
        stage,
        "output",
        x,
        layer.matrix(Directory.OUTPUT, types.output(), WIDTH),
        ProductOutput.added(sum, WIDTH));
    kernels.networks(
        stage.with(networkArgs),
        new Networks(layer.pool(), weights, layer.networks(), USED),
        new NetworkBuffers(x, hidden, out, sum));
    return TrialLayer.run(stage, sum, List.of(y, hidden, sum));
  }
}
