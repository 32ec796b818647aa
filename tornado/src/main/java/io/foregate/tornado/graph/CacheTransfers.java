package io.foregate.tornado.graph;

import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.Memory;
import io.foregate.model.AttentionConfig;
import io.foregate.model.ModelConfig;
import io.foregate.options.KvType;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.graph.TaskGraphs.Numbered;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Carries a sequence's KV cache to the host and back, some words at a time: of a layer, the keys of
 * each head, then its values.
 *
 * <p>To be used by the model's compute thread only.
 */
final class CacheTransfers {
  /** Words that a transfer carries: as many threads. */
  private static final int PIECE = 1 << 14;

  private static final int LANES = 64;

  private final ModelConfig config;
  private final CacheShape cache;
  private final IntArray f16;
  private final FloatArray f32;
  private final Numbered fetch;
  private final Numbered restore;

  CacheTransfers(ModelConfig config, CacheShape cache, TaskGraphs graphs) {
    this.config = config;
    this.cache = cache;
    this.f16 = new IntArray(cache.type() == KvType.F16 ? PIECE : 1);
    this.f32 = new FloatArray(cache.type() == KvType.F32 ? PIECE : 1);
    f16.init(0);
    f32.init(0);
    this.fetch = fetchGraph(graphs);
    this.restore = restoreGraph(graphs);
  }

  private Numbered fetchGraph(TaskGraphs graphs) {
    Stage stage = graphs.stage("fetch", IntArray.fromElements(0, 0));
    stage.perThread(
        "fetch",
        PIECE,
        LANES,
        (graph, task) ->
            graph.task(
                task,
                Memory::fetch,
                stage.context(),
                stage.args(),
                graphs.buffers().kvF16,
                graphs.buffers().kvF32,
                f16,
                f32,
                cache.useF32()));
    stage.toHost(f16, f32);
    return graphs.add(stage);
  }

  private Numbered restoreGraph(TaskGraphs graphs) {
    Stage stage = graphs.stage("restore", IntArray.fromElements(0, 0));
    stage.toDevice(f16, f32);
    stage.perThread(
        "restore",
        PIECE,
        LANES,
        (graph, task) ->
            graph.task(
                task,
                Memory::restore,
                stage.context(),
                stage.args(),
                graphs.buffers().kvF16,
                graphs.buffers().kvF32,
                f16,
                f32,
                cache.useF32()));
    return graphs.add(stage);
  }

  /**
   * Copies what a layer remembers of its first positions to {@code target}.
   *
   * @param plan executes a graph, by its number
   */
  void save(IntConsumer plan, int layer, int positions, MemorySegment target) {
    runs(
        layer,
        positions,
        (first, count, at) -> {
          order(fetch, first, count);
          plan.accept(fetch.number());
          MemorySegment.copy(pieces(), 0, target, at, 4L * count);
        });
  }

  /** Copies what {@link #save} wrote to the device. */
  void load(IntConsumer plan, int layer, int positions, MemorySegment source) {
    runs(
        layer,
        positions,
        (first, count, at) -> {
          MemorySegment.copy(source, at, pieces(), 0, 4L * count);
          order(restore, first, count);
          plan.accept(restore.number());
        });
  }

  private static void order(Numbered graph, int first, int count) {
    graph.args().set(LaunchArgs.FIRST_WORD, first);
    graph.args().set(LaunchArgs.WORDS, count);
  }

  private MemorySegment pieces() {
    return cache.type() == KvType.F16 ? f16.getSegment() : f32.getSegment();
  }

  private interface Piece {
    /**
     * @param first word of the cache
     * @param at first byte on the host
     */
    void carry(int first, int count, long at);
  }

  /** Positions of a head lie one behind the other: keys of all heads, then values of all heads. */
  private void runs(int layer, int positions, Piece piece) {
    AttentionConfig attention = config.attention();
    long at = runs(layer, positions, 0, attention.keySize(), 0, piece);
    runs(layer, positions, cache.keyPairs(config), attention.keptValueSize(), at, piece);
  }

  /**
   * @param firstPair of all layers
   * @param size elements of a head
   * @return the first byte behind
   */
  private long runs(int layer, int positions, long firstPair, int size, long at, Piece piece) {
    int wordsPerPair = cache.type() == KvType.F16 ? 1 : 2;
    int words = size / 2 * wordsPerPair;
    int heads = config.attention().kvHeads();
    long byteAt = at;
    for (int head = 0; head < heads; head++) {
      long row = ((long) layer * heads + head) * cache.capacity();
      int first = Math.toIntExact(firstPair * wordsPerPair + row * words);
      int count = positions * words;
      for (int i = 0; i < count; i += PIECE) {
        int n = Math.min(PIECE, count - i);
        piece.carry(first + i, n, byteAt);
        byteAt += 4L * n;
      }
    }
    return byteAt;
  }
}
