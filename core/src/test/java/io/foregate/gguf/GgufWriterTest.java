package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bytes that the writer makes, and what it leaves behind when it cannot. */
@Timeout(60)
class GgufWriterTest {
  private static final MemorySegment TWO_FLOATS = MemorySegment.ofArray(new float[] {1, 2});

  @TempDir Path folder;
  private Path target;

  @BeforeEach
  void chooseTarget() {
    target = folder.resolve("model.gguf");
  }

  @Test
  void writesTheBytesOfTheSpecification() throws IOException {
    try (var writer = GgufWriter.to(target)) {
      writer
          .metadata("general.architecture", new GgufValue.Str("llama"))
          .metadata("k", GgufArray.ofInts(1, -1))
          .tensor("one", GgmlType.F32, List.of(2L), TWO_FLOATS)
          .tensor("two", GgmlType.I8, List.of(3L), MemorySegment.ofArray(new byte[] {7, 8, 9}))
          .write();
    }

    GgufBytes expected =
        GgufBytes.header(2, 2)
            .key("general.architecture", 8)
            .string("llama")
            .key("k", 9)
            .u32(5)
            .u64(2)
            .u32(1)
            .u32(-1)
            .tensor("one", 0, 0, 2)
            .tensor("two", 24, 32, 3)
            .pad(32)
            .u32(0x3f800000)
            .u32(0x40000000)
            .pad(32)
            .raw(7, 8, 9)
            .pad(32);
    assertThat(Files.readAllBytes(target)).isEqualTo(expected.toByteArray());
    assertThat(leftOver()).containsExactly(target);
  }

  @Test
  void alignsAsTold() {
    try (var writer = GgufWriter.to(target)) {
      writer
          .alignment(256)
          .tensor("one", GgmlType.F32, List.of(2L), TWO_FLOATS)
          .tensor("two", GgmlType.F32, List.of(2L), TWO_FLOATS);
      assertThat(writer.tensors()).extracting(GgufTensor::offset).containsExactly(0L, 256L);
      writer.write();
    }
    try (GgufFile file = GgufFile.open(target)) {
      assertThat(file.alignment()).isEqualTo(256);
      assertThat(file.dataOffset() % 256).isZero();
      assertThat(file.tensor("two").offset()).isEqualTo(256);
    }
  }

  @Test
  void copiesAFileOfAnotherWriter() throws Exception {
    try (GgufFile sample = GgufFile.open(SampleFileTest.sample());
        GgufWriter writer = GgufWriter.to(target)) {
      writer.metadata(sample.metadata());
      for (GgufTensor t : sample.tensors()) {
        writer.tensor(t.name(), t.type(), t.shape(), sample.data(t));
      }
      writer.write();
      assertThat(target).hasSameBinaryContentAs(SampleFileTest.sample());
    }
  }

  @Test
  void streamsTensorsInPiecesOfAnySize() {
    int megabytes = 5;
    try (var writer = GgufWriter.to(target)) {
      writer
          .tensor(
              "pieces",
              GgmlType.I8,
              List.of((long) megabytes << 20),
              out -> {
                var piece = new byte[(1 << 20) / 8];
                for (int i = 0; i < 8 * megabytes; i++) {
                  Arrays.fill(piece, (byte) i);
                  out.write(MemorySegment.ofArray(piece));
                }
              })
          .write();
    }
    try (GgufFile file = GgufFile.open(target)) {
      MemorySegment data = file.data(file.tensor("pieces"));
      for (int i = 0; i < 8 * megabytes; i++) {
        long from = (long) i << 17;
        assertThat(data.get(ValueLayout.JAVA_BYTE, from)).isEqualTo((byte) i);
        assertThat(data.get(ValueLayout.JAVA_BYTE, from + (1 << 17) - 1)).isEqualTo((byte) i);
      }
    }
  }

  @Test
  void refusesWhatNoReaderWouldAccept() {
    try (var writer = GgufWriter.to(target)) {
      var truth = new GgufValue.Bool(true);
      assertThatThrownBy(() -> writer.metadata("", truth)).hasMessageContaining("0 bytes");
      assertThatThrownBy(() -> writer.metadata("\ud800", truth)).hasMessageContaining("Unicode");
      assertThatThrownBy(() -> writer.alignment(48)).hasMessageContaining("power of two");
      assertThatThrownBy(() -> writer.metadata("general.alignment", new GgufValue.Str("32")))
          .hasMessageContaining("power of two");
      assertThatThrownBy(() -> writer.tensor("n".repeat(64), GgmlType.F32, List.of(2L), TWO_FLOATS))
          .hasMessageContaining("64 bytes");
      assertThatThrownBy(() -> writer.tensor("t", GgmlType.Q8_0, List.of(33L), TWO_FLOATS))
          .hasMessageContaining("33");
      assertThatThrownBy(
              () -> writer.tensor("t", GgmlType.F32, List.of(1L << 40, 1L << 40), TWO_FLOATS))
          .hasMessageContaining("too large");
      writer.tensor("t", GgmlType.F32, List.of(2L), TWO_FLOATS);
      assertThatThrownBy(() -> writer.tensor("t", GgmlType.F32, List.of(2L), TWO_FLOATS))
          .hasMessageContaining("two tensors named");
    }
  }

  @Test
  void refusesTooFewAndTooManyBytes() throws IOException {
    try (var writer = GgufWriter.to(target)) {
      writer.tensor("few", GgmlType.F32, List.of(3L), TWO_FLOATS);
      assertThatThrownBy(writer::write)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("lacks 4 of its 12 bytes");
    }
    try (var writer = GgufWriter.to(target)) {
      writer.tensor("many", GgmlType.F32, List.of(1L), TWO_FLOATS);
      assertThatThrownBy(writer::write).hasMessageContaining("takes 4 bytes more, got 8");
    }
    assertThat(leftOver()).isEmpty();
  }

  @Test
  void keepsTheOldFileWhenTheNewOneFails() throws IOException {
    Files.writeString(target, "the old one");
    try (var writer = GgufWriter.to(target)) {
      writer.tensor("t", GgmlType.F32, List.of(2L), out -> fail(out));
      assertThatThrownBy(writer::write).hasMessage("no data");
    }
    assertThat(target).hasContent("the old one");
    assertThat(leftOver()).containsExactly(target);
  }

  private static void fail(GgufWriter.TensorOutput out) {
    out.write(MemorySegment.ofArray(new byte[4]));
    throw new UnsupportedOperationException("no data");
  }

  @Test
  void replacesTheOldFile() throws IOException {
    Files.writeString(target, "the old one");
    try (var writer = GgufWriter.to(target)) {
      writer.write();
      assertThatThrownBy(writer::write).isInstanceOf(IllegalStateException.class);
    }
    assertThat(Files.readAllBytes(target)).isEqualTo(GgufBytes.header(0, 0).pad(32).toByteArray());
  }

  @Test
  void leavesNothingWhenInterrupted() throws IOException {
    try (var writer = GgufWriter.to(target)) {
      writer.tensor(
          "t",
          GgmlType.F32,
          List.of(2L),
          out -> {
            out.write(TWO_FLOATS);
            Thread.currentThread().interrupt();
          });
      assertThatThrownBy(writer::write)
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(leftOver()).isEmpty();
  }

  @Test
  void leavesNothingWhenClosedByAnotherThread() throws Exception {
    var writing = new CountDownLatch(1);
    var stop = new CountDownLatch(1);
    GgufWriter writer = GgufWriter.to(target);
    try (var pool = Executors.newSingleThreadExecutor()) {
      writer.tensor(
          "t",
          GgmlType.I8,
          List.of(1L << 20),
          out -> {
            out.write(MemorySegment.ofArray(new byte[1 << 19]));
            writing.countDown();
            await(stop);
            out.write(MemorySegment.ofArray(new byte[1 << 19]));
          });
      Future<?> result = pool.submit(writer::write);
      assertThat(writing.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(leftOver()).hasSize(1);

      writer.close();

      assertThat(leftOver()).isEmpty();
      stop.countDown();
      assertThatThrownBy(result::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("stopped");
      assertThat(leftOver()).isEmpty();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void saysWhyItCannotWrite() throws IOException {
    refuses(folder, "not a regular file");
    refuses(folder.resolve("absent/model.gguf"), "no such directory");
    try (PartFile other = PartFile.create(target, FileKind.GGUF)) {
      refuses(target, "another run is writing it");
      other.pad(1);
      assertThat(PartFile.part(target)).exists();
    }
  }

  @Test
  void saysWhenTheDirectoryCannotBeWrittenTo() {
    // Even the superuser cannot create files there.
    assumeThat(Path.of("/proc/self")).isDirectory();
    refuses(Path.of("/proc/self/model.gguf"), "/proc/self/model.gguf");
  }

  @Test
  void saysWhenTheDiskIsTooSmall() throws IOException {
    try (var writer = GgufWriter.to(target)) {
      writer.tensor("t", GgmlType.I8, List.of(1L << 60), out -> fail(out));
      assertThatThrownBy(writer::write)
          .isInstanceOf(ForegateException.class)
          .hasMessageContainingAll("needs 1,152,921,504,606,847,0", "has room for", "bytes");
    }
    assertThat(leftOver()).isEmpty();
  }

  private static void refuses(Path path, String says) {
    try (var writer = GgufWriter.to(path)) {
      assertThatThrownBy(writer::write)
          .isInstanceOfSatisfying(
              ForegateException.class,
              e -> {
                assertThat(e).hasMessageContaining(says);
                assertThat(e.hint()).isNotEmpty();
              });
    }
  }

  @Test
  void writesTextOfAnyScript() {
    String text = "\u00e9\u4e2d\ud83d\ude00\u0000\n";
    try (var writer = GgufWriter.to(target)) {
      writer.metadata("k", new GgufValue.Str(text)).write();
    }
    try (GgufFile file = GgufFile.open(target)) {
      assertThat(file.metadata().string("k")).isEqualTo(text);
      assertThat(file.fileSize()).isGreaterThan(text.getBytes(StandardCharsets.UTF_8).length);
    }
  }

  private List<Path> leftOver() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
