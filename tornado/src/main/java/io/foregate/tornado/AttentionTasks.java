package io.foregate.tornado;

import io.foregate.kernels.Attention;
import io.foregate.kernels.Directory;
import io.foregate.kernels.QueryKey;
import io.foregate.kernels.Sums;
import io.foregate.model.AttentionFacts;
import io.foregate.model.ModelConfig;
import io.foregate.model.QueryKeyNorm;
import io.foregate.model.RopeStyle;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds to graphs what attention does between its products: the same for a token alone and for
 * batches. Blocks that a family has not cost no launch.
 *
 * @param cache the sequence's
 * @param tokens of the largest batch
 */
record AttentionTasks(ModelConfig config, GraphBook book, CacheShape cache, int tokens) {
  private static final int LANES = 64;

  /** From the products' queries, keys and values to what the output product reads. */
  void attend(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    AttentionBlocks blocks = types.blocks();
    SequenceBuffers buffers = book.buffers();
    if (types.latent().isPresent()) {
      latent().before(graph, name, step, types.latent().get(), cache);
      attend(graph, name, step, blocks, buffers.qkv());
      latent().after(graph, name, step, types.latent().get());
      return;
    }
    if (blocks.inputBias() || blocks.queryKeyNorm()) {
      adjust(graph, name, step, blocks);
    }
    append(graph, name, step);
    attend(graph, name, step, blocks, buffers.attended());
  }

  /** What latent attention has beside. */
  LatentTasks latent() {
    return new LatentTasks(config, config.attention().latent().orElseThrow(), book, tokens);
  }

  private void attend(
      TaskGraph graph, String name, IntArray step, AttentionBlocks blocks, FloatArray attended) {
    AttentionFacts facts = config.attention();
    SequenceBuffers buffers = book.buffers();
    graph.task(
        "attend",
        Attention::attend,
        book.context(),
        step,
        book.memory().directory(),
        book.memory().floats(),
        buffers.rotated(),
        buffers.halves(),
        buffers.singles(),
        attended,
        facts.heads(),
        facts.kvHeads(),
        facts.keySize(),
        facts.valueSize(),
        facts.latent().isPresent() ? facts.keySize() : facts.valueSize(),
        cache.capacity(),
        facts.scale(),
        blocks.window(),
        blocks.sinks() ? 1 : 0,
        cache.single(),
        valuesAt());
    Launches.groups(book.grid(), name + ".attend", tokens * facts.heads(), LANES);
  }

  private void adjust(TaskGraph graph, String name, IntArray step, AttentionBlocks blocks) {
    boolean together = config.family().queryKeyNorm() == QueryKeyNorm.ALL_HEADS;
    int querySpan = together ? config.querySize() : config.headSize();
    int keySpan = together ? config.kvSize() : config.headSize();
    graph.task(
        "adjust",
        QueryKey::adjust,
        book.context(),
        step,
        book.memory().directory(),
        book.memory().floats(),
        book.buffers().qkv(),
        config.querySize(),
        config.kvSize(),
        config.valueSize(),
        querySpan,
        keySpan,
        blocks.inputBias() ? 1 : 0,
        blocks.queryKeyNorm() ? 1 : 0,
        config.normEpsilon());
    int spans = config.querySize() / querySpan + config.kvSize() / keySpan + 1;
    Launches.groups(book.grid(), name + ".adjust", tokens * spans, LANES);
  }

  private void append(TaskGraph graph, String name, IntArray step) {
    AttentionFacts facts = config.attention();
    SequenceBuffers buffers = book.buffers();
    graph.task(
        "append",
        Attention::append,
        book.context(),
        step,
        buffers.qkv(),
        buffers.angles(),
        buffers.rotated(),
        buffers.halves(),
        buffers.singles(),
        facts.heads(),
        facts.kvHeads(),
        facts.keySize(),
        facts.valueSize(),
        config.rope().dimensions(),
        config.rope().style() == RopeStyle.NEOX ? 1 : 0,
        cache.capacity(),
        cache.single(),
        valuesAt());
    int pairs = tokens * InputSizes.of(config).sum() / 2;
    Launches.perThread(book.grid(), name + ".append", pairs, LANES);
  }

  /** Of latent attention, values begin where keys do: they are the first part of them. */
  private int valuesAt() {
    return config.attention().latent().isPresent() ? 0 : (int) cache.keyPairs(config);
  }

  /** Whether the output product cannot go to the residual stream as it is. */
  boolean adjustsOutput(AttentionBlocks blocks) {
    return blocks.outputBias() || config.scales().residual() != 1;
  }

  /** Adds what the output product left in {@link SequenceBuffers#out} to the residual stream. */
  void addOutput(TaskGraph graph, String name, IntArray step, AttentionBlocks blocks) {
    graph.task(
        "addOutput",
        Sums::addTo,
        book.context(),
        step,
        book.memory().directory(),
        book.memory().floats(),
        book.buffers().out(),
        book.buffers().x(),
        blocks.outputBias() ? Directory.OUTPUT_BIAS : -1,
        config.scales().residual(),
        config.embedding());
    int elements = tokens * config.embedding();
    Launches.perThread(book.grid(), name + ".addOutput", elements, LANES);
  }
}
