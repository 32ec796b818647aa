package io.foregate.tornado.select;

import static io.foregate.tornado.select.TrialLayer.HIDDEN;
import static io.foregate.tornado.select.TrialLayer.KV;
import static io.foregate.tornado.select.TrialLayer.USED;
import static io.foregate.tornado.select.TrialLayer.WIDTH;

import io.foregate.kernels.Directory;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.products.MatVecVariant;
import io.foregate.tornado.products.NetworkBuffers;
import io.foregate.tornado.products.Networks;
import io.foregate.tornado.products.ProductBuffers;
import io.foregate.tornado.products.ProductKernels;
import io.foregate.tornado.products.ProductOutput;
import io.foregate.tornado.products.QkvMatrices;
import io.foregate.tornado.products.TokenNetworkArgs;
import io.foregate.tornado.select.VariantChoice.Outcome;
import io.foregate.tornado.weights.LayerTypes;
import java.util.List;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** All products of a small layer with one token, in any variant. */
final class MatVecTrial {
  private final TrialLayer layer;
  private final IntArray args = IntArray.fromElements(0);
  private final IntArray networkArgs = TokenNetworkArgs.array(USED);
  private final FloatArray x;
  private final FloatArray expertWeights = FloatArray.fromElements(0.7f, 0.3f);

  MatVecTrial(LayerTypes types) {
    this.layer = new TrialLayer(types);
    this.x = layer.random(WIDTH);
    var networks = new TokenNetworkArgs(networkArgs, USED);
    for (int i = 0; i < USED; i++) {
      networks.place(i, layer.record(i), i, 0);
    }
    networks.end(0, USED, true);
  }

  /**
   * Runs the layer on the default device.
   *
   * @throws RuntimeException if the device cannot
   */
  Outcome run(MatVecVariant variant) {
    LayerTypes types = layer.types();
    ProductBuffers scratch = ProductBuffers.of(variant.scratch(TrialLayer.load(1)));
    ProductKernels kernels = variant.kernels(layer.dense(), scratch, 1);
    var y = new FloatArray(WIDTH);
    var qkv = new FloatArray(WIDTH + 2 * KV);
    var hidden = new FloatArray(USED * HIDDEN);
    var out = new FloatArray(USED * WIDTH);
    var sum = new FloatArray(WIDTH);
    sum.init(0f);
    Stage stage = layer.stage("trial" + variant.id() + Integer.toHexString(types.hashCode()), args);
    stage
        .graph()
        .transferToDevice(DataTransferMode.FIRST_EXECUTION, args, networkArgs, x, expertWeights);
    stage.toDevice(sum);
    kernels.product(
        stage,
        "product",
        x,
        layer.matrix(Directory.OUTPUT, types.output(), WIDTH),
        ProductOutput.rows(y, WIDTH));
    kernels.input(stage, x, QkvMatrices.of(types, WIDTH, KV, KV, WIDTH), qkv);
    kernels.networks(
        stage.with(networkArgs),
        new Networks(layer.pool(), expertWeights, layer.networks(), USED),
        new NetworkBuffers(x, hidden, out, sum));
    return TrialLayer.run(stage, sum, List.of(y, qkv, hidden, sum));
  }
}
