package io.foregate.gguf;

import io.foregate.error.ForegateException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One file that is to be written: what its header says, and where its tensors go. All of a model,
 * or a shard: then the layout is that of llama.cpp's gguf-split. The first shard has all metadata,
 * the others have {@code split.*} and, where it is not the usual one, the alignment.
 *
 * @param target the file
 * @param header its first bytes, without padding
 * @param alignment of its tensors, in bytes
 * @param tensors in order, each with its offset in this file
 */
public record GgufLayout(Path target, byte[] header, long alignment, List<GgufTensor> tensors) {
  private static final int VERSION = 3;
  private static final byte[] MAGIC = {'G', 'G', 'U', 'F'};

  /** Where tensors begin. */
  long dataOffset() {
    return align(header.length, alignment);
  }

  /** Size of the whole file in bytes. */
  public long bytes() {
    return tensors.isEmpty() ? dataOffset() : end(tensors.getLast());
  }

  /** Where in the file what follows a tensor begins. */
  long end(GgufTensor tensor) {
    long end = Math.addExact(tensor.offset(), tensor.byteSize());
    return align(Math.addExact(dataOffset(), end), alignment);
  }

  /**
   * The files of a model: one that is called {@code whole}, or else shards whose names are made of
   * it.
   *
   * @param tensors in order; their offsets do not matter
   */
  static List<GgufLayout> of(
      Path whole,
      Map<String, GgufValue> metadata,
      Collection<GgufTensor> tensors,
      ShardLimit limit) {
    long alignment = alignment(whole, metadata);
    List<List<GgufTensor>> shards = split(tensors, limit, alignment);
    int count = shards.size();
    if (count == 1) {
      return List.of(file(whole, metadata, shards.getFirst(), alignment));
    }
    if (count > ShardName.MAX_COUNT) {
      throw new ForegateException(
          "%s: would become %d shards, expected at most %d"
              .formatted(whole, count, ShardName.MAX_COUNT),
          "Allow larger shards.");
    }
    List<GgufLayout> files = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Map<String, GgufValue> own = new LinkedHashMap<>();
      if (i == 0) {
        own.putAll(metadata);
      } else if (metadata.containsKey(GgufParser.ALIGNMENT_KEY)) {
        own.put(GgufParser.ALIGNMENT_KEY, metadata.get(GgufParser.ALIGNMENT_KEY));
      }
      own.put(MetadataKey.SHARD.pattern(), new GgufValue.U16(i));
      own.put(MetadataKey.SHARDS.pattern(), new GgufValue.U16(count));
      own.put(MetadataKey.SHARD_TENSORS.pattern(), new GgufValue.I32(tensors.size()));
      files.add(file(ShardName.of(whole, i, count), own, shards.get(i), alignment));
    }
    return files;
  }

  private static List<List<GgufTensor>> split(
      Collection<GgufTensor> tensors, ShardLimit limit, long alignment) {
    List<List<GgufTensor>> shards = new ArrayList<>();
    shards.add(new ArrayList<>());
    long offset = 0;
    for (GgufTensor tensor : tensors) {
      long size = align(tensor.byteSize(), alignment);
      if (limit.isFull(offset, shards.getLast().size(), size)) {
        shards.add(new ArrayList<>());
        offset = 0;
      }
      shards.getLast().add(new GgufTensor(tensor.name(), tensor.type(), tensor.shape(), offset));
      offset = Math.addExact(offset, size);
    }
    return shards;
  }

  private static GgufLayout file(
      Path target, Map<String, GgufValue> metadata, List<GgufTensor> tensors, long alignment) {
    return new GgufLayout(target, header(metadata, tensors), alignment, List.copyOf(tensors));
  }

  private static byte[] header(Map<String, GgufValue> metadata, List<GgufTensor> tensors) {
    var out = new GgufEncoding.Output();
    out.raw(MAGIC).u32(VERSION).u64(tensors.size()).u64(metadata.size());
    metadata.forEach((key, value) -> out.string(key).u32(value.type().id()).value(value));
    for (GgufTensor tensor : tensors) {
      out.string(tensor.name()).u32(tensor.rank());
      tensor.shape().forEach(out::u64);
      out.u32(tensor.type().id()).u64(tensor.offset());
    }
    return out.toByteArray();
  }

  private static long alignment(Path target, Map<String, GgufValue> metadata) {
    return GgufMetadata.of(target.toString(), metadata)
        .longInteger(GgufParser.ALIGNMENT_KEY, GgufParser.DEFAULT_ALIGNMENT);
  }

  private static long align(long offset, long alignment) {
    return Math.addExact(offset, alignment - 1) & -alignment;
  }
}
