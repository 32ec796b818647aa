package io.foregate.tornado.graph;

import io.foregate.kernels.Directory;
import io.foregate.kernels.HeadProductKernels;
import io.foregate.kernels.Latent;
import io.foregate.kernels.NormKernels;
import io.foregate.model.LatentConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.RopeStyle;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.products.ProductKernels;
import io.foregate.tornado.products.ProductOutput;
import io.foregate.tornado.weights.DenseMatrix;
import io.foregate.tornado.weights.LatentMaps;
import io.foregate.tornado.weights.LayerTypes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Adds to graphs what multi-head latent attention does around the attention itself: the same for a
 * token alone and for batches. In {@link SequenceBuffers}, {@code qkv} holds queries as the model
 * has them and, once they are in the latent's space, what attention gives; {@code attended} and
 * {@code queries} hold queries of low rank before they hold what their names say.
 *
 * @param tokens of the largest batch
 */
record LatentTasks(ModelConfig config, LatentConfig latent, TaskGraphs graphs, int tokens) {
  private static final int LANES = 64;
  private static final int NORM_LANES = 128;

  /** Queries of low rank, and the latents: what attention begins with, see {@link InputSizes}. */
  void lowRankInput(Stage stage, LayerTypes types, ProductKernels kernels) {
    SequenceBuffers buffers = graphs.buffers();
    InputSizes sizes = InputSizes.of(config);
    int width = config.embedding();
    int rank = latent.queryRank();
    var low = new DenseMatrix(Directory.QUERY, types.query(), rank, width);
    kernels.product(stage, "low", buffers.normed, low, ProductOutput.rows(buffers.attended, rank));
    lowNorm(stage, buffers.attended, buffers.queries);
    int upType = types.latent().orElseThrow().queryUp().orElseThrow();
    var up = new DenseMatrix(Directory.QUERY_UP, upType, sizes.query(), rank);
    kernels.product(
        stage, "query", buffers.queries, up, ProductOutput.rows(buffers.qkv, sizes.sum()));
    var key = new DenseMatrix(Directory.KEY, types.key(), sizes.key(), width);
    var behind = new ProductOutput(buffers.qkv, sizes.sum(), sizes.query(), false);
    kernels.product(stage, "key", buffers.normed, key, behind);
  }

  private void lowNorm(Stage stage, FloatArray low, FloatArray normed) {
    stage.launch(
        "lowNorm",
        tokens,
        NORM_LANES,
        (graph, name) ->
            graph.task(
                name,
                NormKernels::rms,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().floats(),
                low,
                normed,
                graphs.buffers().outputs,
                NormTasks.NONE,
                NormTasks.NONE,
                Directory.QUERY_NORM,
                NormTasks.NONE,
                latent.queryRank(),
                config.normEpsilon()));
  }

  /** From what attention begins with to queries of the latent's space, and latents in the cache. */
  void before(Stage stage, LatentMaps maps, CacheShape cache) {
    SequenceBuffers buffers = graphs.buffers();
    stage.launch(
        "append",
        tokens,
        NORM_LANES,
        (graph, name) ->
            graph.task(
                name,
                Latent::append,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().floats(),
                buffers.qkv,
                buffers.angles,
                buffers.queries,
                buffers.kvF16,
                buffers.kvF32,
                config.heads(),
                latent.keySize(),
                latent.rotated(),
                latent.rank(),
                config.rope().style() == RopeStyle.NEOX ? 1 : 0,
                cache.capacity(),
                cache.useF32(),
                config.normEpsilon()));
    int tokenStride = InputSizes.of(config).sum();
    multiply(
        stage,
        "absorb",
        new HeadMatrix(Directory.KEY_MAPS, maps.keys(), latent.keySize(), latent.rank()),
        new Strides(tokenStride, latent.querySize(), config.headSize()),
        buffers.queries);
  }

  /** From what attention gave to what the output product reads. */
  void after(Stage stage, LatentMaps maps) {
    multiply(
        stage,
        "values",
        new HeadMatrix(Directory.VALUE_MAPS, maps.values(), latent.rank(), latent.valueSize()),
        new Strides(config.heads() * latent.rank(), latent.rank(), latent.valueSize()),
        graphs.buffers().attended);
  }

  /**
   * A head's product.
   *
   * @param part of the directory
   * @param in elements that it reads
   * @param out elements that it gives
   */
  private record HeadMatrix(int part, LatentMaps.HeadMaps maps, int in, int out) {}

  /**
   * Where heads' products read and write.
   *
   * @param token of what they read, from token to token
   * @param head likewise from head to head
   * @param result of results, from head to head
   */
  private record Strides(int token, int head, int result) {}

  /** Multiplies what is in {@code qkv}. */
  private void multiply(
      Stage stage, String task, HeadMatrix matrix, Strides strides, FloatArray y) {
    int elements = tokens * config.heads() * matrix.out();
    if (matrix.maps().transposed()) {
      stage.perThread(
          task,
          elements,
          LANES,
          (graph, name) ->
              graph.task(
                  name,
                  HeadProductKernels::transposed,
                  stage.context(),
                  stage.args(),
                  graphs.dense().directory(),
                  graphs.dense().weights(),
                  graphs.dense().floats(),
                  graphs.buffers().qkv,
                  y,
                  matrix.part(),
                  matrix.maps().type(),
                  matrix.maps().size(),
                  config.heads(),
                  matrix.in(),
                  matrix.out(),
                  strides.token(),
                  strides.head(),
                  strides.result()));
    } else {
      stage.perThread(
          task,
          elements,
          LANES,
          (graph, name) ->
              graph.task(
                  name,
                  HeadProductKernels::product,
                  stage.context(),
                  stage.args(),
                  graphs.dense().directory(),
                  graphs.dense().weights(),
                  graphs.dense().floats(),
                  graphs.buffers().qkv,
                  y,
                  matrix.part(),
                  matrix.maps().type(),
                  matrix.maps().size(),
                  config.heads(),
                  matrix.out(),
                  matrix.in(),
                  strides.token(),
                  strides.head(),
                  strides.result()));
    }
  }
}
