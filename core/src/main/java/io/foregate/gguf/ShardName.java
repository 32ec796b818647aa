package io.foregate.gguf;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a shard's file is called: {@code NAME-00002-of-00005.gguf} is the second of five files that
 * a model is in. By these names alone its other shards are found, as in llama.cpp, whose gguf-split
 * and converters write them.
 *
 * @param path the file
 * @param stem {@code NAME}: what the names of all shards begin with
 * @param shard which of them it is, from 0; -1 where the name counts from 0
 * @param count how many there are, by the name
 * @param suffix {@code .gguf}, or {@code .gguf.part} of one that is looked over before it is given
 *     its name
 */
record ShardName(Path path, String stem, int shard, int count, String suffix) {
  /** Files say their count in 16 bits. */
  static final int MAX_COUNT = (1 << 16) - 1;

  private static final String WHOLE = ".gguf";
  private static final Pattern NAME =
      Pattern.compile("(.+)-([0-9]{5})-of-([0-9]{5})(\\.gguf(?:\\.part)?)", Pattern.DOTALL);

  /** What a file's name says; empty where it is not that of a shard. */
  static Optional<ShardName> find(Path path) {
    Matcher name = NAME.matcher(path.getFileName().toString());
    return name.matches()
        ? Optional.of(
            new ShardName(
                path,
                name.group(1),
                Integer.parseInt(name.group(2)) - 1,
                Integer.parseInt(name.group(3)),
                name.group(4)))
        : Optional.empty();
  }

  /** A file's name without its end, and without what tells shards apart. */
  static String stem(Path path) {
    String name = path.getFileName().toString();
    return find(path)
        .map(ShardName::stem)
        .orElseGet(
            () -> name.endsWith(WHOLE) ? name.substring(0, name.length() - WHOLE.length()) : name);
  }

  /**
   * A shard of what would be one file of that name.
   *
   * @param shard from 0
   */
  static Path of(Path whole, int shard, int count) {
    return whole.resolveSibling(name(stem(whole), shard, count) + WHOLE);
  }

  /** Where another shard of the same model is. */
  Path sibling(int other) {
    return path.resolveSibling(name(stem, other, count) + suffix);
  }

  private static String name(String stem, int shard, int count) {
    return "%s-%05d-of-%05d".formatted(stem, shard + 1, count);
  }
}
