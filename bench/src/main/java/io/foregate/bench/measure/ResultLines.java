package io.foregate.bench.measure;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * All results of a run in one file, JSON Lines: one object with a {@code schema} per line.
 *
 * <p>A run may be killed at any time. What it was writing then has no line break at its end:
 * readers pass over it, and the next run writes in its place.
 */
public final class ResultLines {
  public static final String SUFFIX = ".jsonl";

  private ResultLines() {}

  /** The whole lines of a file, in their order; none where there is no file. */
  public static <T> List<T> read(Path file, Class<T> type) throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    String text = Files.readString(file);
    List<T> results = new ArrayList<>();
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
      results.add(ResultJson.parse(line, type));
    }
    return results;
  }

  /** Adds a line, and makes the file and its folder if need be. */
  public static void append(Path file, Object result) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.truncate(endOfLines(channel)).position(channel.size());
      ByteBuffer line = ByteBuffer.wrap(bytes(result));
      while (line.hasRemaining()) {
        channel.write(line);
      }
    }
  }

  /** Replaces the file by one with these lines; whoever reads it meanwhile sees the old one. */
  public static void write(Path file, List<?> results) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.deleteIfExists(part);
    Files.createFile(part);
    for (Object result : results) {
      append(part, result);
    }
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private static byte[] bytes(Object result) throws IOException {
    return (ResultJson.line(result) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Where the last whole line ends. */
  private static long endOfLines(FileChannel channel) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    for (long end = channel.size(); end > 0; end--) {
      channel.read(one.clear(), end - 1);
      if (one.get(0) == '\n') {
        return end;
      }
    }
    return 0;
  }
}
