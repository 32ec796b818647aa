package io.foregate.backend.cpu;

import io.foregate.backend.KvState;
import io.foregate.error.ForegateException;
import io.foregate.files.SharedMemory;
import io.foregate.model.ModelConfig;
import io.foregate.options.KvType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Keys and values of one sequence, off the heap, in tiles of {@value #TILE} positions.
 *
 * <p>Layout, layers without keys left out: keys {@code [layer][kvHead][tile][keySize][TILE]},
 * values {@code [layer][kvHead][tile][TILE][valueSize]}. Keys are transposed within a tile because
 * the scores of a tile are then one small matrix product that runs along positions, without sums
 * across lanes.
 */
final class KvCache implements KvState, AutoCloseable {
  /** Positions of a tile. */
  static final int TILE = 64;

  /** Cache line: no two heads share one. */
  private static final int ALIGNMENT = 64;

  private final Arena arena = Arena.ofShared();
  private final KvType type;
  private final int capacity;
  private final int tiles;

  /** Per layer, which of those that keep keys and values it is. */
  private final int[] kept;

  private final int kvHeads;
  private final int keySize;
  private final int valueSize;
  private final MemorySegment keys;
  private final MemorySegment values;

  /**
   * @param capacity positions; rounded up to whole tiles in memory
   */
  KvCache(ModelConfig config, int capacity, KvType type) {
    this.type = type;
    this.capacity = capacity;
    this.tiles = Math.ceilDiv(capacity, TILE);
    this.kept = new int[config.layers()];
    for (int layer = 1; layer < kept.length; layer++) {
      kept[layer] = kept[layer - 1] + (config.hasAttention(layer - 1) ? 1 : 0);
    }
    this.kvHeads = config.kvHeads();
    this.keySize = config.attention().keySize();
    this.valueSize = config.attention().keptValueSize();
    long allTiles = (long) tiles * kvHeads * config.attentionLayers(); // at most 2^53
    long keyBytes = bytes(allTiles, tileBytes(keySize));
    long valueBytes = bytes(allTiles, tileBytes(valueSize));
    try {
      this.keys = arena.allocate(keyBytes, ALIGNMENT);
      this.values = arena.allocate(valueBytes, ALIGNMENT);
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      arena.close();
      throw new ForegateException(
          "A KV cache of %d positions needs %d MiB, which this machine does not have free."
              .formatted(capacity, (keyBytes + valueBytes) >> 20),
          "Open the model with a smaller [[context]].",
          e);
    }
  }

  /** A product that stays below what a machine could have, where absurd numbers meet. */
  private static long bytes(long tiles, long tileBytes) {
    long most = Long.MAX_VALUE >> 2;
    return tileBytes > 0 && tiles > most / tileBytes ? most : tiles * tileBytes;
  }

  int capacity() {
    return capacity;
  }

  long bytes() {
    return keys.byteSize() + values.byteSize();
  }

  /** Stores one position: {@code [kvHeads][keySize]} keys, {@code [kvHeads][valueSize]} values. */
  void put(int layer, int position, float[] key, int keyOffset, float[] value, int valueOffset) {
    int inTile = position % TILE;
    for (int head = 0; head < kvHeads; head++) {
      long tile = tile(layer, head, position / TILE);
      long keyAt = tile * tileBytes(keySize);
      long valueAt = tile * tileBytes(valueSize);
      store(keys, keyAt, inTile, TILE, key, keyOffset + head * keySize, keySize);
      store(
          values, valueAt, inTile * valueSize, 1, value, valueOffset + head * valueSize, valueSize);
    }
  }

  /** All keys, where {@link #keysAt} tells. */
  MemorySegment keys() {
    return keys;
  }

  /** All values, where {@link #valuesAt} tells. */
  MemorySegment values() {
    return values;
  }

  /** Where a tile's keys begin, in bytes: {@code [keySize][TILE]}. */
  long keysAt(int layer, int head, int tile) {
    return tile(layer, head, tile) * tileBytes(keySize);
  }

  /** Where a tile's values begin, in bytes: {@code [TILE][valueSize]}. */
  long valuesAt(int layer, int head, int tile) {
    return tile(layer, head, tile) * tileBytes(valueSize);
  }

  private long tileBytes(int size) {
    return (long) TILE * size * type.bytes();
  }

  /** A tile's number among all. */
  private long tile(int layer, int head, int tile) {
    return ((long) kept[layer] * kvHeads + head) * tiles + tile;
  }

  private void store(
      MemorySegment target, long tile, int first, int step, float[] source, int from, int size) {
    long at = tile + (long) first * type.bytes();
    long stepBytes = (long) step * type.bytes();
    if (type == KvType.F32) {
      for (int i = 0; i < size; i++) {
        target.set(ValueLayout.JAVA_FLOAT, at + i * stepBytes, source[from + i]);
      }
    } else {
      for (int i = 0; i < size; i++) {
        short f16 = Float.floatToFloat16(source[from + i]);
        target.set(ValueLayout.JAVA_SHORT, at + i * stepBytes, f16);
      }
    }
  }

  @Override
  public String layout() {
    return "cpu: keys [kvHead][tile][keySize][%1$d], values [kvHead][tile][%1$d][valueSize]"
        .formatted(TILE);
  }

  @Override
  public KvType type() {
    return type;
  }

  @Override
  public long bytes(int layer, int positions) {
    return (long) kvHeads
        * Math.ceilDiv(positions, TILE)
        * (tileBytes(keySize) + tileBytes(valueSize));
  }

  /** Whole tiles: positions behind the last one are overwritten before anything reads them. */
  @Override
  public void save(int layer, int positions, MemorySegment target) {
    long keyBytes = Math.ceilDiv(positions, TILE) * tileBytes(keySize);
    long valueBytes = Math.ceilDiv(positions, TILE) * tileBytes(valueSize);
    for (int head = 0; head < kvHeads; head++) {
      long from = tile(layer, head, 0);
      long to = head * (keyBytes + valueBytes);
      MemorySegment.copy(keys, from * tileBytes(keySize), target, to, keyBytes);
      MemorySegment.copy(values, from * tileBytes(valueSize), target, to + keyBytes, valueBytes);
    }
  }

  @Override
  public void load(int layer, int positions, MemorySegment source) {
    long keyBytes = Math.ceilDiv(positions, TILE) * tileBytes(keySize);
    long valueBytes = Math.ceilDiv(positions, TILE) * tileBytes(valueSize);
    for (int head = 0; head < kvHeads; head++) {
      long to = tile(layer, head, 0);
      long from = head * (keyBytes + valueBytes);
      MemorySegment.copy(source, from, keys, to * tileBytes(keySize), keyBytes);
      MemorySegment.copy(source, from + keyBytes, values, to * tileBytes(valueSize), valueBytes);
    }
  }

  /** Closing twice does nothing. */
  @Override
  public void close() {
    SharedMemory.close(arena);
  }
}
