package io.foregate.gguf;

/**
 * How large a shard may become before the next one is begun. A tensor is never cut: one that is
 * larger than the limit has a shard of its own.
 *
 * @param bytes of tensor data, padding included, as llama.cpp's gguf-split counts; at least 1
 * @param tensors at least 1
 */
public record ShardLimit(long bytes, int tensors) {
  /** Everything in one file. */
  public static final ShardLimit NONE = new ShardLimit(Long.MAX_VALUE, Integer.MAX_VALUE);

  public ShardLimit {
    if (bytes < 1 || tensors < 1) {
      throw new IllegalArgumentException(
          "shards of %d bytes and %d tensors, expected at least 1".formatted(bytes, tensors));
    }
  }

  /**
   * Whether a shard has no room for one more tensor.
   *
   * @param held bytes that it holds
   * @param count tensors that it holds
   * @param next bytes of the tensor
   */
  boolean isFull(long held, int count, long next) {
    return count > 0 && (count >= tensors || next > bytes - held);
  }
}
