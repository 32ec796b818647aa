package io.foregate.backend.cpu;

import io.foregate.backend.KvType;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.model.ModelConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Keys and values of one sequence, off the heap. Layout: {@code
 * [layer][kvHead][position][headSize]}, so that the keys that one head reads lie side by side.
 */
final class KvCache implements AutoCloseable {
  /** Cache line: no two heads share one. */
  private static final int ALIGNMENT = 64;

  private final Arena arena = Arena.ofShared();
  private final KvType type;
  private final int capacity;
  private final int kvHeads;
  private final int headSize;
  private final MemorySegment keys;
  private final MemorySegment values;

  KvCache(ModelConfig config, int capacity, KvType type) {
    this.type = type;
    this.capacity = capacity;
    this.kvHeads = config.kvHeads();
    this.headSize = config.headSize();
    long bytes = (long) config.layers() * kvHeads * capacity * headSize * type.bytes();
    try {
      this.keys = arena.allocate(bytes, ALIGNMENT);
      this.values = arena.allocate(bytes, ALIGNMENT);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new ForegateException(
          "A KV cache of %d positions needs %d MiB, which this machine does not have free."
              .formatted(capacity, (2 * bytes) >> 20),
          "Open the model with a smaller context (--ctx).",
          e);
    }
  }

  int capacity() {
    return capacity;
  }

  long bytes() {
    return keys.byteSize() + values.byteSize();
  }

  GgmlType elementType() {
    return type == KvType.F16 ? GgmlType.F16 : GgmlType.F32;
  }

  MemorySegment keys() {
    return keys;
  }

  MemorySegment values() {
    return values;
  }

  /** Bytes from one position of a head to the next. */
  long stride() {
    return (long) headSize * type.bytes();
  }

  /** Byte offset of a head's first position, in {@link #keys} and in {@link #values}. */
  long offset(int layer, int kvHead) {
    return ((long) layer * kvHeads + kvHead) * capacity * stride();
  }

  /** Stores one position: {@code [kvHeads][headSize]} keys, and as many values. */
  void put(int layer, int position, float[] key, int keyOffset, float[] value, int valueOffset) {
    for (int head = 0; head < kvHeads; head++) {
      long at = offset(layer, head) + position * stride();
      store(keys, at, key, keyOffset + head * headSize);
      store(values, at, value, valueOffset + head * headSize);
    }
  }

  private void store(MemorySegment target, long at, float[] source, int from) {
    if (type == KvType.F32) {
      MemorySegment.copy(source, from, target, ValueLayout.JAVA_FLOAT, at, headSize);
      return;
    }
    for (int i = 0; i < headSize; i++) {
      short half = Float.floatToFloat16(source[from + i]);
      target.set(ValueLayout.JAVA_SHORT, at + 2L * i, half);
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
