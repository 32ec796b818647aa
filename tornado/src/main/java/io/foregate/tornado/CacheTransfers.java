package io.foregate.tornado;

import io.foregate.backend.KvType;
import io.foregate.kernels.Memory;
import io.foregate.model.AttentionFacts;
import io.foregate.model.ModelConfig;
import io.foregate.tornado.GraphBook.Step;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
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
  private final IntArray halves;
  private final FloatArray singles;
  private final Step fetch;
  private final Step restore;

  CacheTransfers(ModelConfig config, CacheShape cache, GraphBook book) {
    this.config = config;
    this.cache = cache;
    this.halves = new IntArray(cache.type() == KvType.F16 ? PIECE : 1);
    this.singles = new FloatArray(cache.type() == KvType.F32 ? PIECE : 1);
    halves.init(0);
    singles.init(0);
    this.fetch = fetchGraph(book);
    this.restore = restoreGraph(book);
  }

  private Step fetchGraph(GraphBook book) {
    IntArray order = IntArray.fromElements(0, 0);
    TaskGraph graph = book.graph("fetch", order);
    graph.task(
        "fetch",
        Memory::fetch,
        book.context(),
        order,
        book.buffers().halves(),
        book.buffers().singles(),
        halves,
        singles,
        cache.single());
    Launches.perThread(book.grid(), "fetch.fetch", PIECE, LANES);
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, halves, singles);
    return book.add(graph, order);
  }

  private Step restoreGraph(GraphBook book) {
    IntArray order = IntArray.fromElements(0, 0);
    TaskGraph graph = book.graph("restore", order);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, halves, singles);
    graph.task(
        "restore",
        Memory::restore,
        book.context(),
        order,
        book.buffers().halves(),
        book.buffers().singles(),
        halves,
        singles,
        cache.single());
    Launches.perThread(book.grid(), "restore.restore", PIECE, LANES);
    return book.add(graph, order);
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
          plan.accept(fetch.graph());
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
          plan.accept(restore.graph());
        });
  }

  private static void order(Step step, int first, int count) {
    step.step().set(0, first);
    step.step().set(1, count);
  }

  private MemorySegment pieces() {
    return cache.type() == KvType.F16 ? halves.getSegment() : singles.getSegment();
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
    AttentionFacts facts = config.attention();
    long at = runs(layer, positions, 0, facts.keySize(), 0, piece);
    runs(layer, positions, cache.keyPairs(config), facts.keptValueSize(), at, piece);
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
