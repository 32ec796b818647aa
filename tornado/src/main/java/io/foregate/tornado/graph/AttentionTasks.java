package io.foregate.tornado.graph;

import io.foregate.kernels.AttentionKernels;
import io.foregate.kernels.Directory;
import io.foregate.kernels.QueryKey;
import io.foregate.kernels.Sums;
import io.foregate.model.AttentionConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.QueryKeyNorm;
import io.foregate.model.RopeStyle;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.AttentionBlocks;
import io.foregate.tornado.weights.LayerTypes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Adds to graphs what attention does between its products: the same for a token alone and for
 * batches. Blocks that a family has not cost no launch.
 *
 * @param cache the sequence's
 * @param tokens of the largest batch
 */
record AttentionTasks(ModelConfig config, TaskGraphs graphs, CacheShape cache, int tokens) {
  private static final int LANES = 64;

  /** From the products' queries, keys and values to what the output product reads. */
  void attend(Stage stage, LayerTypes types) {
    AttentionBlocks blocks = types.blocks();
    SequenceBuffers buffers = graphs.buffers();
    if (types.latent().isPresent()) {
      latent().before(stage, types.latent().get(), cache);
      attend(stage, blocks, buffers.qkv);
      latent().after(stage, types.latent().get());
      return;
    }
    if (blocks.inputBias() || blocks.queryKeyNorm()) {
      adjust(stage, blocks);
    }
    append(stage);
    attend(stage, blocks, buffers.attended);
  }

  /** What latent attention has beside. */
  LatentTasks latent() {
    return new LatentTasks(config, config.attention().latent().orElseThrow(), graphs, tokens);
  }

  private void attend(Stage stage, AttentionBlocks blocks, FloatArray attended) {
    AttentionConfig attention = config.attention();
    SequenceBuffers buffers = graphs.buffers();
    stage.launch(
        "attend",
        tokens * attention.heads(),
        LANES,
        (graph, task) ->
            graph.task(
                task,
                AttentionKernels::attend,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().floats(),
                buffers.queries,
                buffers.kvF16,
                buffers.kvF32,
                attended,
                attention.heads(),
                attention.kvHeads(),
                attention.keySize(),
                attention.valueSize(),
                attention.latent().isPresent() ? attention.keySize() : attention.valueSize(),
                cache.capacity(),
                attention.scale(),
                blocks.window(),
                blocks.sinks() ? 1 : 0,
                cache.useF32(),
                valuesAt()));
  }

  private void adjust(Stage stage, AttentionBlocks blocks) {
    boolean together = config.family().queryKeyNorm() == QueryKeyNorm.ALL_HEADS;
    int querySpan = together ? config.querySize() : config.headSize();
    int keySpan = together ? config.kvSize() : config.headSize();
    int spans = config.querySize() / querySpan + config.kvSize() / keySpan + 1;
    stage.launch(
        "adjust",
        tokens * spans,
        LANES,
        (graph, task) ->
            graph.task(
                task,
                QueryKey::adjust,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().floats(),
                graphs.buffers().qkv,
                config.querySize(),
                config.kvSize(),
                config.valueSize(),
                querySpan,
                keySpan,
                blocks.inputBias() ? 1 : 0,
                blocks.queryKeyNorm() ? 1 : 0,
                config.normEpsilon()));
  }

  private void append(Stage stage) {
    AttentionConfig attention = config.attention();
    SequenceBuffers buffers = graphs.buffers();
    int pairs = tokens * InputSizes.of(config).sum() / 2;
    stage.perThread(
        "append",
        pairs,
        LANES,
        (graph, task) ->
            graph.task(
                task,
                AttentionKernels::append,
                stage.context(),
                stage.args(),
                buffers.qkv,
                buffers.angles,
                buffers.queries,
                buffers.kvF16,
                buffers.kvF32,
                attention.heads(),
                attention.kvHeads(),
                attention.keySize(),
                attention.valueSize(),
                config.rope().dimensions(),
                config.rope().style() == RopeStyle.NEOX ? 1 : 0,
                cache.capacity(),
                cache.useF32(),
                valuesAt()));
  }

  /** Of latent attention, values begin where keys do: they are the first part of them. */
  private int valuesAt() {
    return config.attention().latent().isPresent() ? 0 : (int) cache.keyPairs(config);
  }

  /** Whether the output product cannot go to the residual stream as it is. */
  boolean adjustsOutput(AttentionBlocks blocks) {
    return blocks.outputBias() || config.scales().residual() != 1;
  }

  /**
   * Adds what the output product left in {@link SequenceBuffers#outputs} to the residual stream.
   */
  void addOutput(Stage stage, AttentionBlocks blocks) {
    int elements = tokens * config.embedding();
    stage.perThread(
        "addOutput",
        elements,
        LANES,
        (graph, task) ->
            graph.task(
                task,
                Sums::addTo,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().floats(),
                graphs.buffers().outputs,
                graphs.buffers().residual,
                blocks.outputBias() ? Directory.OUTPUT_BIAS : -1,
                config.scales().residual(),
                config.embedding()));
  }
}
