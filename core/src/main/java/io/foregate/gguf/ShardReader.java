package io.foregate.gguf;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds all shards of a model by one of them, and holds each to the first: number, count, total of
 * tensors, names of tensors, and whatever else two of them say of one key. llama.cpp's layout has
 * all metadata in the first shard and {@code split.*} alone in the others, which is also all that a
 * shard of another model can be told by.
 *
 * <p>Takes time with the number of files and tensors. Of a later shard's metadata nothing is kept,
 * and what all headers take of Java's memory has the bound that one file's has.
 */
final class ShardReader {
  /** Keys of this prefix say how a model is split, and nothing of the model. */
  static final String PREFIX = "split.";

  private static final int MAX_NAMED = 4;

  private static final String MIXED_UP =
      "It is of another model, a copy of another shard, or damaged: get the shards again, all from"
          + " one place.";

  private final ShardName name;
  private final int count;
  private final List<MappedGguf> shards = new ArrayList<>();
  private final Map<String, Path> tensors = new HashMap<>();
  private long heap;

  private ShardReader(ShardName name, int count, long heap) {
    this.name = name;
    this.count = count;
    this.heap = heap;
  }

  /**
   * The files of a model, in order.
   *
   * @param path any of them, or the one that all of it is in
   * @param arena that their mappings belong to
   * @param heap bytes that all headers together may take of Java's memory
   * @throws GgufException if one of them is missing, unsound, or contradicts the first
   */
  static List<MappedGguf> open(Path path, Arena arena, long heap) {
    MappedGguf named = MappedGguf.open(path, arena, heap);
    int count = count(named);
    if (count <= 1) {
      return List.of(named);
    }
    return new ShardReader(name(named, count), count, heap).read(named, arena);
  }

  private static int count(MappedGguf file) {
    long count = values(file).longCount(MetadataKey.SHARDS, 0);
    if (count < 0 || count > ShardName.MAX_COUNT) {
      throw bad(file, MetadataKey.SHARDS, count, "at most %d".formatted(ShardName.MAX_COUNT));
    }
    return (int) count;
  }

  /** What the name of a file says that is a shard by its metadata. */
  private static ShardName name(MappedGguf file, int count) {
    ShardName name =
        ShardName.find(file.path())
            .orElseThrow(
                () ->
                    new GgufException(
                        "%s: is a shard of %d by its metadata '%s', expected a name such as %s"
                            .formatted(
                                file.path(),
                                count,
                                MetadataKey.SHARDS.pattern(),
                                ShardName.of(file.path(), 0, count).getFileName()),
                        "Shards find each other by their names: give all of them the names back"
                            + " that they were made with.",
                        -1));
    if (name.count() != count) {
      throw bad(file, MetadataKey.SHARDS, count, name.count() + " from the file's name");
    }
    if (name.shard() < 0 || name.shard() >= count) {
      throw new GgufException(
          "%s: is number %d by its name, expected 1 to %d"
              .formatted(file.path(), name.shard() + 1, count),
          "Give the shard the name back that it was made with.",
          -1);
    }
    return name;
  }

  private List<MappedGguf> read(MappedGguf named, Arena arena) {
    requireAll();
    for (int i = 0; i < count; i++) {
      MappedGguf shard = i == name.shard() ? named : MappedGguf.open(name.sibling(i), arena, heap);
      shards.add(i == 0 ? shard : shard.withoutMetadata());
      heap = Math.max(0, heap - GgufParser.heap(shard.header().tensors()));
      check(shard, i);
    }
    requireTotal();
    return List.copyOf(shards);
  }

  /** Before any is read: whoever lacks one wants to know of all that are lacking. */
  private void requireAll() {
    List<Path> missing =
        IntStream.range(0, count)
            .filter(i -> i != name.shard())
            .mapToObj(name::sibling)
            .filter(path -> !Files.exists(path))
            .toList();
    if (missing.isEmpty()) {
      return;
    }
    String some =
        missing.stream()
            .limit(MAX_NAMED)
            .map(path -> path.getFileName().toString())
            .collect(Collectors.joining(", "));
    throw new GgufException(
        "%s: %d of the model's %d shards %s missing: %s%s"
            .formatted(
                name.path(),
                missing.size(),
                count,
                missing.size() == 1 ? "is" : "are",
                some,
                missing.size() > MAX_NAMED ? ", ..." : ""),
        "Get all of them, under these names and into the same folder.",
        -1);
  }

  private void check(MappedGguf shard, int index) {
    KnownValues values = values(shard);
    long says = values.longCount(MetadataKey.SHARDS, 0);
    if (says != count) {
      throw bad(shard, MetadataKey.SHARDS, says, count + " from the file's name");
    }
    long number = values.longCount(MetadataKey.SHARD, -1);
    if (number != index) {
      throw bad(
          shard,
          MetadataKey.SHARD,
          number,
          "%d, as the name counts from 1 and this from 0".formatted(index));
    }
    MappedGguf first = shards.getFirst();
    shard
        .header()
        .metadata()
        .asMap()
        .forEach((key, value) -> requireSame(shard, key, value, first));
    for (GgufTensor tensor : shard.header().tensors()) {
      Path before = tensors.putIfAbsent(tensor.name(), shard.path());
      if (before != null) {
        throw new GgufException(
            "%s: tensor %s is there a second time, expected once: %s has it, too"
                .formatted(shard.path(), Quote.of(tensor.name()), before.getFileName()),
            MIXED_UP,
            -1);
      }
    }
  }

  private static void requireSame(MappedGguf shard, String key, GgufValue value, MappedGguf first) {
    if (key.equals(MetadataKey.SHARD.pattern())) {
      return;
    }
    GgufMetadata expected = first.header().metadata();
    if (expected.contains(key) && !expected.get(key).orElseThrow().equals(value)) {
      throw new GgufException(
          "%s: metadata %s is %s, expected %s as in %s"
              .formatted(
                  shard.path(),
                  Quote.of(key),
                  GgufMetadata.describe(value),
                  GgufMetadata.describe(expected.get(key).orElseThrow()),
                  first.path().getFileName()),
          MIXED_UP,
          -1);
    }
  }

  private void requireTotal() {
    MappedGguf first = shards.getFirst();
    long total = values(first).longCount(MetadataKey.SHARD_TENSORS, -1);
    if (total != tensors.size()) {
      throw bad(
          first,
          MetadataKey.SHARD_TENSORS,
          total,
          "the %d tensors that the %d shards hold".formatted(tensors.size(), count));
    }
  }

  private static KnownValues values(MappedGguf file) {
    return KnownValues.of(file.header().metadata());
  }

  /**
   * @param found what the file says, or a number below 0 where it says nothing
   */
  private static GgufException bad(MappedGguf file, MetadataKey key, long found, String expected) {
    boolean missing = !file.header().metadata().contains(key.pattern());
    return new GgufException(
        "%s: metadata '%s' is %s, expected %s"
            .formatted(file.path(), key.pattern(), missing ? "missing" : found, expected),
        MIXED_UP,
        -1);
  }
}
