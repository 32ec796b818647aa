package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.HeadProducts;
import io.foregate.kernels.Latent;
import io.foregate.kernels.Norm;
import io.foregate.model.LatentFacts;
import io.foregate.model.ModelConfig;
import io.foregate.model.RopeStyle;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds to graphs what multi-head latent attention does around the attention itself: the same for a
 * token alone and for batches. In {@link SequenceBuffers}, {@code qkv} holds queries as the model
 * has them and, once they are in the latent's space, what attention gives; {@code attended} and
 * {@code rotated} hold queries of low rank before they hold what their names say.
 *
 * @param tokens of the largest batch
 */
record LatentTasks(ModelConfig config, LatentFacts facts, GraphBook book, int tokens) {
  private static final int LANES = 64;
  private static final int NORM_LANES = 128;

  /** Queries of low rank, and the latents: what attention begins with, see {@link InputSizes}. */
  void lowRankInput(
      TaskGraph graph, String name, IntArray step, LayerTypes types, Products products) {
    SequenceBuffers buffers = book.buffers();
    InputSizes sizes = InputSizes.of(config);
    int width = config.embedding();
    int rank = facts.queryRank();
    FloatArray low = buffers.attended();
    FloatArray normed = buffers.rotated();
    products.product(
        graph,
        name,
        "low",
        step,
        buffers.normed(),
        low,
        Directory.QUERY,
        types.query(),
        rank,
        width,
        rank,
        0,
        false);
    graph.task(
        "lowNorm",
        Norm::rms,
        book.context(),
        step,
        book.memory().directory(),
        book.memory().floats(),
        low,
        normed,
        buffers.out(),
        -1,
        -1,
        Directory.QUERY_NORM,
        -1,
        rank,
        config.normEpsilon());
    Launches.groups(book.grid(), name + ".lowNorm", tokens, NORM_LANES);
    int up = types.latent().orElseThrow().queryUp().orElseThrow();
    products.product(
        graph,
        name,
        "query",
        step,
        normed,
        buffers.qkv(),
        Directory.QUERY_UP,
        up,
        sizes.query(),
        rank,
        sizes.sum(),
        0,
        false);
    products.product(
        graph,
        name,
        "key",
        step,
        buffers.normed(),
        buffers.qkv(),
        Directory.KEY,
        types.key(),
        sizes.key(),
        width,
        sizes.sum(),
        sizes.query(),
        false);
  }

  /** From what attention begins with to queries of the latent's space, and latents in the cache. */
  void before(TaskGraph graph, String name, IntArray step, LatentMaps maps, CacheShape cache) {
    SequenceBuffers buffers = book.buffers();
    graph.task(
        "append",
        Latent::append,
        book.context(),
        step,
        book.memory().directory(),
        book.memory().floats(),
        buffers.qkv(),
        buffers.angles(),
        buffers.rotated(),
        buffers.halves(),
        buffers.singles(),
        config.heads(),
        facts.keySize(),
        facts.rotated(),
        facts.rank(),
        config.rope().style() == RopeStyle.NEOX ? 1 : 0,
        cache.capacity(),
        cache.single(),
        config.normEpsilon());
    Launches.groups(book.grid(), name + ".append", tokens, NORM_LANES);
    multiply(
        graph,
        name,
        "absorb",
        step,
        buffers.rotated(),
        Directory.KEY_MAPS,
        maps.keys(),
        new Sizes(
            facts.keySize(),
            facts.rank(),
            InputSizes.of(config).sum(),
            facts.querySize(),
            config.headSize()));
  }

  /** From what attention gave to what the output product reads. */
  void after(TaskGraph graph, String name, IntArray step, LatentMaps maps) {
    multiply(
        graph,
        name,
        "values",
        step,
        book.buffers().attended(),
        Directory.VALUE_MAPS,
        maps.values(),
        new Sizes(
            facts.rank(),
            facts.valueSize(),
            config.heads() * facts.rank(),
            facts.rank(),
            facts.valueSize()));
  }

  /**
   * Of a head's product.
   *
   * @param in elements that it reads
   * @param out elements that it gives
   * @param tokenStride of what it reads, from token to token
   * @param headStride likewise from head to head
   * @param resultStride of results, from head to head
   */
  private record Sizes(int in, int out, int tokenStride, int headStride, int resultStride) {}

  /** Of what is in {@code qkv}. */
  private void multiply(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      FloatArray y,
      int part,
      LatentMaps.HeadMaps maps,
      Sizes sizes) {
    if (maps.transposed()) {
      graph.task(
          task,
          HeadProducts::transposed,
          book.context(),
          step,
          book.memory().directory(),
          book.memory().weights(),
          book.memory().floats(),
          book.buffers().qkv(),
          y,
          part,
          maps.type(),
          maps.size(),
          config.heads(),
          sizes.in(),
          sizes.out(),
          sizes.tokenStride(),
          sizes.headStride(),
          sizes.resultStride());
    } else {
      graph.task(
          task,
          HeadProducts::product,
          book.context(),
          step,
          book.memory().directory(),
          book.memory().weights(),
          book.memory().floats(),
          book.buffers().qkv(),
          y,
          part,
          maps.type(),
          maps.size(),
          config.heads(),
          sizes.out(),
          sizes.in(),
          sizes.tokenStride(),
          sizes.headStride(),
          sizes.resultStride());
    }
    int elements = tokens * config.heads() * sizes.out();
    Launches.perThread(book.grid(), name + "." + task, elements, LANES);
  }
}
