package io.foregate.backend.cpu;

import io.foregate.error.ForegateException;
import io.foregate.model.AttentionConfig;
import io.foregate.model.ModelConfig;
import io.foregate.options.KvType;
import io.foregate.quant.vector.FloatTiles;
import io.foregate.quant.vector.HeapFloats;
import io.foregate.quant.vector.VectorKernels;
import java.util.Arrays;

/**
 * Causal grouped-query attention over the KV cache: per query head, {@code softmax(scale * q K^T)
 * V} over the positions up to the token's own, all of them or the last few.
 *
 * <p>A unit of work is a block of tokens times query heads that share a key head: its rows meet
 * each tile of the cache in two small matrix products, so that a tile is read and widened once for
 * all of them.
 */
final class Attention {
  /** Rows (tokens times heads) that share the reading of a tile while a prompt is fed. */
  private static final int BLOCK_ROWS = 64;

  /** Elements of keys that are transposed together: as many as stay in the nearest cache. */
  private static final int TRANSPOSED = 16;

  /** Scores of a block, in elements, before it is made smaller: half of a usual L2 cache. */
  private static final int SCORE_ELEMENTS = 128 << 10;

  private final AttentionConfig attention;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace work;
  private final KvCache cache;
  private final Block[] blocks;
  private final WorkerPool.RangeTask task = this::attend;

  /** Whether values are the first elements of keys. */
  private final boolean latent;

  private int layer;
  private int position;
  private int tokens;

  /** What the virtual machine allows an array to have. */
  private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

  /** Positions that a token sees, itself included. */
  private int window;

  /** Per query head, the score of a position without a value; or empty. */
  private float[] sinks = {};

  /** Query heads of a unit: all that share a key head, or fewer if workers would stand idle. */
  private int unitHeads;

  private int unitTokens;

  /** A worker's scratch. */
  private static final class Block {
    HeapFloats queries = HeapFloats.of(0);
    HeapFloats scores = HeapFloats.of(0);
    HeapFloats outputs = HeapFloats.of(0);
    HeapFloats values = HeapFloats.of(0);
    float[] tile = {};
    short[] f16 = {};
  }

  Attention(
      ModelConfig config, VectorKernels kernels, WorkerPool pool, Workspace work, KvCache cache) {
    this.attention = config.attention();
    this.latent = attention.latent().isPresent();
    this.kernels = kernels;
    this.pool = pool;
    this.work = work;
    this.cache = cache;
    this.blocks = new Block[pool.size()];
    Arrays.setAll(blocks, i -> new Block());
    requireScores(config.name(), cache.capacity());
  }

  /** A row of scores per head that shares a key head: it depends on the context, too. */
  private void requireScores(String model, int capacity) {
    long group = attention.heads() / attention.kvHeads();
    long elements = group * (capacity + 2L * KvCache.TILE);
    if (elements > MAX_ELEMENTS) {
      throw new ForegateException(
          "%s: %d heads share keys, and a context of %d asks for buffers of %,d elements, at most %,d can be."
              .formatted(model, group, capacity, elements, MAX_ELEMENTS),
          "Open the model with a smaller context.");
    }
  }

  /**
   * Fills {@link Workspace#attended} for {@code tokens} tokens from {@code position} on.
   *
   * @param sinks per query head, the score of a position without a value; or empty
   */
  void run(int layer, int position, int tokens, float[] sinks) {
    this.layer = layer;
    this.position = position;
    this.tokens = tokens;
    this.sinks = sinks;
    this.window = attention.window().of(layer);
    int group = attention.heads() / attention.kvHeads();
    int workersPerHead = Math.ceilDiv(pool.size(), attention.kvHeads());
    unitHeads = tokens == 1 ? Math.ceilDiv(group, workersPerHead) : group;
    while (group % unitHeads != 0) {
      unitHeads++;
    }
    int columns = width(position + tokens);
    int rows = Math.clamp(SCORE_ELEMENTS / columns, 1, BLOCK_ROWS);
    unitTokens = Math.min(tokens, Math.max(1, rows / unitHeads));
    for (Block block : blocks) {
      ensure(block, unitTokens * unitHeads, columns);
    }
    pool.run(Math.ceilDiv(tokens, unitTokens) * (attention.heads() / unitHeads), 1, task);
  }

  private static int paddedCount(int positions) {
    return Math.ceilDiv(positions, KvCache.TILE) * KvCache.TILE;
  }

  /** Elements of a row of scores: whole tiles of positions, and room for a sink. */
  private int width(int positions) {
    return paddedCount(positions) + (sinks.length > 0 ? KvCache.TILE : 0);
  }

  private void ensure(Block block, int rows, int columns) {
    int size = Math.max(attention.keySize(), attention.valueSize());
    if (block.tile.length == 0) {
      block.tile = new float[KvCache.TILE * size];
      block.f16 = new short[KvCache.TILE * size];
      block.values = HeapFloats.of(latent ? KvCache.TILE * attention.valueSize() : 0);
    }
    if (block.queries.length() < rows * size) {
      block.queries = HeapFloats.of(rows * size);
      block.outputs = HeapFloats.of(rows * size);
    }
    if (block.scores.length() < rows * columns) {
      // Up to the largest that this sequence can ask for, so that decoding does not grow it again.
      int most = Math.max(rows * columns, unitHeads * width(cache.capacity()));
      block.scores = HeapFloats.of(most);
    }
  }

  private void attend(int from, int to, int worker) {
    int headUnits = attention.heads() / unitHeads;
    for (int unit = from; unit < to; unit++) {
      int firstToken = unit / headUnits * unitTokens;
      int count = Math.min(unitTokens, tokens - firstToken);
      attend(blocks[worker], firstToken, count, unit % headUnits * unitHeads);
    }
  }

  private void attend(Block block, int firstToken, int count, int firstHead) {
    int kvHead = firstHead / (attention.heads() / attention.kvHeads());
    int rows = count * unitHeads;
    int last = position + firstToken + count; // positions that the block's last token sees
    int firstTile = firstSeen(firstToken) / KvCache.TILE;
    int columns = width(last - firstTile * KvCache.TILE);
    gather(block.queries.array(), firstToken, count, firstHead);
    score(block, kvHead, rows, firstTile, Math.ceilDiv(last, KvCache.TILE), columns);
    normalize(block, firstToken, firstHead, rows, firstTile * KvCache.TILE, columns);
    weigh(block, kvHead, rows, firstTile, last, columns);
    scatter(block.outputs.array(), firstToken, count, firstHead);
  }

  /** The first position that a token of the batch sees. */
  private int firstSeen(int token) {
    return Math.max(0, position + token + 1 - window);
  }

  /** Copies the block's queries, scaled, row by row: token by token, head by head. */
  private void gather(float[] rows, int firstToken, int count, int firstHead) {
    int width = unitHeads * attention.keySize();
    for (int t = 0; t < count; t++) {
      int from = ((firstToken + t) * attention.heads() + firstHead) * attention.keySize();
      System.arraycopy(work.query, from, rows, t * width, width);
    }
    kernels.scale(rows, 0, count * width, attention.scale());
  }

  private void scatter(float[] rows, int firstToken, int count, int firstHead) {
    int width = unitHeads * attention.valueSize();
    for (int t = 0; t < count; t++) {
      int to = ((firstToken + t) * attention.heads() + firstHead) * attention.valueSize();
      System.arraycopy(rows, t * width, work.attended, to, width);
    }
  }

  private void score(Block block, int kvHead, int rows, int firstTile, int endTile, int columns) {
    int size = attention.keySize();
    for (int tile = firstTile; tile < endTile; tile++) {
      kernels.gemmOfTile(
          block.queries,
          0,
          size,
          f16(),
          cache.keys(),
          cache.keysAt(layer, kvHead, tile),
          block.f16,
          block.tile,
          block.scores,
          (tile - firstTile) * KvCache.TILE,
          columns,
          rows,
          KvCache.TILE,
          size,
          false);
    }
  }

  /**
   * Softmax of each row over the positions that its token sees; the others count nothing. A sink
   * takes part as if it were one more position, and then counts nothing either.
   *
   * @param base position of the first column
   */
  private void normalize(
      Block block, int firstToken, int firstHead, int rows, int base, int columns) {
    float[] scores = block.scores.array();
    for (int row = 0; row < rows; row++) {
      int token = firstToken + row / unitHeads;
      int begin = row * columns;
      int from = firstSeen(token) - base;
      int to = position + token + 1 - base;
      int count = to - from;
      if (sinks.length > 0) {
        scores[begin + to] = sinks[firstHead + row % unitHeads];
        count++;
      }
      kernels.softmax(scores, begin + from, count);
      Arrays.fill(scores, begin, begin + from, 0f);
      Arrays.fill(scores, begin + to, begin + columns, 0f);
    }
  }

  private void weigh(Block block, int kvHead, int rows, int firstTile, int last, int columns) {
    int size = attention.valueSize();
    int base = firstTile * KvCache.TILE;
    for (int first = base; first < last; first += KvCache.TILE) {
      int count = Math.min(KvCache.TILE, last - first);
      int tile = first / KvCache.TILE;
      int at = first - base;
      boolean more = first > base;
      if (latent) {
        readValues(block, kvHead, tile, count);
        kernels.gemm(
            block.scores,
            at,
            columns,
            block.values,
            0,
            size,
            block.outputs,
            0,
            size,
            rows,
            size,
            count,
            more);
      } else {
        long values = cache.valuesAt(layer, kvHead, tile);
        kernels.gemmOfTile(
            block.scores,
            at,
            columns,
            f16(),
            cache.values(),
            values,
            block.f16,
            block.tile,
            block.outputs,
            0,
            size,
            rows,
            size,
            count,
            more);
      }
    }
  }

  private boolean f16() {
    return cache.type() == KvType.F16;
  }

  /** Values that are the first elements of keys, turned round: {@code [count][valueSize]}. */
  private void readValues(Block block, int kvHead, int tile, int count) {
    int size = attention.valueSize();
    float[] values = block.values.array();
    long keys = cache.keysAt(layer, kvHead, tile);
    FloatTiles.read(f16(), cache.keys(), keys, size * KvCache.TILE, block.f16, block.tile);
    for (int first = 0; first < size; first += TRANSPOSED) {
      int end = Math.min(size, first + TRANSPOSED);
      for (int p = 0; p < count; p++) {
        for (int i = first; i < end; i++) {
          values[p * size + i] = block.tile[i * KvCache.TILE + p];
        }
      }
    }
  }
}
