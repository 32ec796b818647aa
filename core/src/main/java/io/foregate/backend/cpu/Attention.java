package io.foregate.backend.cpu;

import io.foregate.model.ModelConfig;
import io.foregate.quant.VectorKernels;
import java.util.Arrays;

/**
 * Causal grouped-query attention over the KV cache: per query head, {@code softmax(q K^T /
 * sqrt(headSize)) V} over all positions up to the token's own.
 *
 * <p>A unit of work is a block of tokens times query heads that share a key head: its rows meet
 * each tile of the cache in two small matrix products, so that a tile is read and widened once for
 * all of them.
 */
final class Attention {
  /** Rows (tokens times heads) that share the reading of a tile while a prompt is fed. */
  private static final int BLOCK_ROWS = 64;

  /** Scores of a block, in elements, before it is made smaller: half of a usual L2 cache. */
  private static final int SCORE_ELEMENTS = 128 << 10;

  private final ModelConfig config;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace work;
  private final KvCache cache;
  private final float scale;
  private final Block[] blocks;
  private final WorkerPool.RangeTask task = this::attend;
  private int layer;
  private int position;
  private int tokens;

  /** Query heads of a unit: all that share a key head, or fewer if workers would stand idle. */
  private int unitHeads;

  private int unitTokens;

  /** A worker's scratch. */
  private static final class Block {
    float[] queries = {};
    float[] scores = {};
    float[] outputs = {};
    float[] tile = {};
    short[] halves = {};
  }

  Attention(
      ModelConfig config, VectorKernels kernels, WorkerPool pool, Workspace work, KvCache cache) {
    this.config = config;
    this.kernels = kernels;
    this.pool = pool;
    this.work = work;
    this.cache = cache;
    this.scale = (float) (1 / Math.sqrt(config.headSize()));
    this.blocks = new Block[pool.size()];
    Arrays.setAll(blocks, i -> new Block());
  }

  /** Fills {@link Workspace#attended} for {@code tokens} tokens from {@code position} on. */
  void run(int layer, int position, int tokens) {
    this.layer = layer;
    this.position = position;
    this.tokens = tokens;
    int group = config.heads() / config.kvHeads();
    int workersPerHead = Math.ceilDiv(pool.size(), config.kvHeads());
    unitHeads = tokens == 1 ? Math.ceilDiv(group, workersPerHead) : group;
    while (group % unitHeads != 0) {
      unitHeads++;
    }
    int columns = paddedCount(position + tokens);
    int rows = Math.clamp(SCORE_ELEMENTS / columns, 1, BLOCK_ROWS);
    unitTokens = Math.min(tokens, Math.max(1, rows / unitHeads));
    for (Block block : blocks) {
      ensure(block, unitTokens * unitHeads, columns);
    }
    pool.run(Math.ceilDiv(tokens, unitTokens) * (config.heads() / unitHeads), 1, task);
  }

  private static int paddedCount(int positions) {
    return Math.ceilDiv(positions, KvCache.TILE) * KvCache.TILE;
  }

  private void ensure(Block block, int rows, int columns) {
    int size = config.headSize();
    if (block.tile.length == 0) {
      block.tile = new float[KvCache.TILE * size];
      block.halves = new short[KvCache.TILE * size];
    }
    if (block.queries.length < rows * size) {
      block.queries = new float[rows * size];
      block.outputs = new float[rows * size];
    }
    if (block.scores.length < rows * columns) {
      // Up to the largest that this sequence can ask for, so that decoding does not grow it again.
      int most = Math.max(rows * columns, unitHeads * paddedCount(cache.capacity()));
      block.scores = new float[most];
    }
  }

  private void attend(int from, int to, int worker) {
    int headUnits = config.heads() / unitHeads;
    for (int unit = from; unit < to; unit++) {
      int firstToken = unit / headUnits * unitTokens;
      int count = Math.min(unitTokens, tokens - firstToken);
      attend(blocks[worker], firstToken, count, unit % headUnits * unitHeads);
    }
  }

  private void attend(Block block, int firstToken, int count, int firstHead) {
    int kvHead = firstHead / (config.heads() / config.kvHeads());
    int rows = count * unitHeads;
    int last = position + firstToken + count; // positions that the block's last token sees
    int columns = paddedCount(last);
    gather(block.queries, firstToken, count, firstHead);
    score(block, kvHead, rows, columns);
    normalize(block, firstToken, rows, columns);
    weigh(block, kvHead, rows, last, columns);
    scatter(block.outputs, firstToken, count, firstHead);
  }

  /** Copies the block's queries, scaled, row by row: token by token, head by head. */
  private void gather(float[] rows, int firstToken, int count, int firstHead) {
    int width = unitHeads * config.headSize();
    for (int t = 0; t < count; t++) {
      int from = (firstToken + t) * config.querySize() + firstHead * config.headSize();
      System.arraycopy(work.query, from, rows, t * width, width);
    }
    kernels.scale(rows, 0, count * width, scale);
  }

  private void scatter(float[] rows, int firstToken, int count, int firstHead) {
    int width = unitHeads * config.headSize();
    for (int t = 0; t < count; t++) {
      int to = (firstToken + t) * config.querySize() + firstHead * config.headSize();
      System.arraycopy(rows, t * width, work.attended, to, width);
    }
  }

  private void score(Block block, int kvHead, int rows, int columns) {
    int size = config.headSize();
    for (int tile = 0; tile < columns / KvCache.TILE; tile++) {
      cache.readKeys(layer, kvHead, tile, block.halves, block.tile);
      kernels.gemm(
          block.queries,
          0,
          size,
          block.tile,
          0,
          KvCache.TILE,
          block.scores,
          tile * KvCache.TILE,
          columns,
          rows,
          KvCache.TILE,
          size,
          false);
    }
  }

  /** Softmax of each row over the positions that its token sees; the others count nothing. */
  private void normalize(Block block, int firstToken, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
      int seen = position + firstToken + row / unitHeads + 1;
      kernels.softmax(block.scores, row * columns, seen);
      Arrays.fill(block.scores, row * columns + seen, (row + 1) * columns, 0f);
    }
  }

  private void weigh(Block block, int kvHead, int rows, int last, int columns) {
    int size = config.headSize();
    for (int first = 0; first < last; first += KvCache.TILE) {
      int count = Math.min(KvCache.TILE, last - first);
      cache.readValues(layer, kvHead, first / KvCache.TILE, count, block.halves, block.tile);
      kernels.gemm(
          block.scores,
          first,
          columns,
          block.tile,
          0,
          size,
          block.outputs,
          0,
          size,
          rows,
          size,
          count,
          first > 0);
    }
  }
}
