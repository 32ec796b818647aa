package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening, mapping and closing files. */
class GgufFileTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder;

  @Test
  void findsTensors() {
    Path path = GgufBytes.small().writeTo(folder.resolve("small.gguf"));
    try (GgufFile file = GgufFile.open(path)) {
      assertThat(file.path()).isEqualTo(path);
      assertThat(file.fileSize()).isEqualTo(GgufBytes.small().size());
      assertThat(file.find("two")).contains(file.tensor("two"));
      assertThat(file.find("three")).isEmpty();
      assertThat(file.data(file.tensor("one")).byteSize()).isEqualTo(68);
      assertThatThrownBy(() -> file.tensor("three"))
          .isInstanceOf(GgufException.class)
          .hasMessageContainingAll("small.gguf", "'three'", "2 tensors");
      var stranger = new GgufTensor("two", GgmlType.F32, List.of(1L << 40), 0);
      assertThatThrownBy(() -> file.data(stranger)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void refusesWritesAndUseAfterClose() {
    Path path = GgufBytes.small().writeTo(folder.resolve("small.gguf"));
    GgufFile file = GgufFile.open(path);
    MemorySegment data = file.data(file.tensor("one"));
    assertThat(data.get(ValueLayout.JAVA_BYTE, 0)).isZero();
    assertThatThrownBy(() -> data.set(ValueLayout.JAVA_BYTE, 0, (byte) 1))
        .isInstanceOf(IllegalArgumentException.class);

    file.close();
    file.close();

    assertThat(file.isOpen()).isFalse();
    assertThatThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThat(file.metadata().string("general.architecture")).isEqualTo("llama");
  }

  @Test
  void saysWhatIsWrongWithThePath() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.gguf"));
    refuses(empty, "is empty");
    refuses(folder, "is a directory");
    refuses(folder.resolve("absent.gguf"), "no such file");
    assumeThat(Path.of("/dev/null")).exists();
    refuses(Path.of("/dev/null"), "not a regular file");
  }

  @Test
  void saysWhenReadingIsForbidden() throws IOException {
    Path path = GgufBytes.small().writeTo(folder.resolve("secret.gguf"));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("-wx------"));
    assumeThat(Files.isReadable(path)).as("not the superuser").isFalse();
    refuses(path, "no permission");
  }

  private static void refuses(Path path, String says) {
    assertThatThrownBy(() -> GgufFile.open(path))
        .isInstanceOfSatisfying(
            GgufException.class,
            e -> {
              assertThat(e).hasMessageStartingWith(path + ": ").hasMessageContaining(says);
              assertThat(e.hint()).isNotEmpty();
            });
  }

  @Test
  void releasesADamagedFile() {
    Path path = GgufBytes.header(5, 0).writeTo(folder.resolve("damaged.gguf"));
    assertThatThrownBy(() -> GgufFile.open(path)).isInstanceOf(GgufException.class);
    assertThatCode(() -> Files.delete(path)).doesNotThrowAnyException();
  }

  /** Three tensors over 5 GiB, of which the file system stores a few blocks only. */
  @Test
  void opensLargeFilesAtOnceAndCopiesNothing() throws IOException {
    long rows = (2L << 30) / 4 / 1024 - 1;
    long bytes = rows * 1024 * 4;
    GgufBytes header =
        GgufBytes.header(3, 0)
            .tensor("a", 0, 0, 1024, rows)
            .tensor("b", 0, bytes, 1024, rows)
            .tensor("c", 0, 2 * bytes, 1024, rows / 2)
            .pad(32);
    Path path = header.writeTo(folder.resolve("large.gguf"));
    long end = header.size() + 2 * bytes + rows / 2 * 4096;
    try (var raw = new RandomAccessFile(path.toFile(), "rw")) {
      raw.setLength(end);
      raw.seek(header.size() + bytes);
      raw.write(17);
      raw.seek(end - 1);
      raw.write(42);
    }
    GgufFile.open(path).close(); // loads the classes, whose loading is not to be measured

    long heapBefore = THREADS.getCurrentThreadAllocatedBytes();
    long before = THREADS.getCurrentThreadCpuTime();
    try (GgufFile file = GgufFile.open(path)) {
      MemorySegment b = file.data(file.tensor("b"));
      MemorySegment c = file.data(file.tensor("c"));
      Duration took = cpuTimeSince(before);
      long heap = THREADS.getCurrentThreadAllocatedBytes() - heapBefore;

      assertThat(file.fileSize()).isEqualTo(end).isGreaterThan(4L << 30);
      assertThat(b.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 17);
      assertThat(c.get(ValueLayout.JAVA_BYTE, c.byteSize() - 1)).isEqualTo((byte) 42);
      assertThat(took).isLessThan(Duration.ofMillis(500));
      assertThat(heap).isLessThan(256 << 10);
    }
  }

  @Test
  void refusesALargeFileThatLacksItsLastByte() throws IOException {
    long rows = (3L << 30) / 4096;
    GgufBytes header = GgufBytes.header(1, 0).tensor("a", 0, 0, 1024, rows).pad(32);
    Path path = header.writeTo(folder.resolve("cut.gguf"));
    try (var raw = new RandomAccessFile(path.toFile(), "rw")) {
      raw.setLength(header.size() + (3L << 30) - 1);
    }
    refuses(path, "where the file ends");
  }

  @Test
  void readsLongVocabulariesFast() {
    int words = 250_000;
    GgufBytes file = GgufBytes.header(0, 2).key("tokens", 9).u32(8).u64(words);
    for (int i = 0; i < words; i++) {
      file.string("\u2581word" + i);
    }
    file.key("scores", 9).u32(6).u64(words).raw(new byte[4 * words]);
    Path path = file.writeTo(folder.resolve("vocabulary.gguf"));

    long before = THREADS.getCurrentThreadCpuTime();
    try (GgufFile open = GgufFile.open(path)) {
      List<String> tokens = open.metadata().strings("tokens");
      assertThat(tokens).hasSize(words);
      assertThat(tokens.get(words - 1)).isEqualTo("\u2581word249999");
      assertThat(open.metadata().floats("scores")).hasSize(words);
      assertThat(cpuTimeSince(before)).isLessThan(Duration.ofSeconds(2));
    }
  }

  /** CPU time, because a busy machine would make any bound on the clock a gamble. */
  private static Duration cpuTimeSince(long before) {
    return Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - before);
  }
}
