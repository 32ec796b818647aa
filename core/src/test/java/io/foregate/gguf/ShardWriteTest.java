package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.files.PartFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Shards as llama.cpp's gguf-split lays them out, all of them or none. */
@Timeout(60)
class ShardWriteTest {
  private static final GgufWriter.TensorData ZEROS =
      out -> out.write(MemorySegment.ofArray(new byte[(int) out.tensor().byteSize()]));

  @TempDir private Path folder;
  private Path target;

  @BeforeEach
  void chooseTarget() {
    target = folder.resolve("m.gguf");
  }

  private GgufWriter writer(ShardLimit limit, int... sizes) {
    GgufWriter writer = GgufWriter.to(target).shards(limit);
    writer.metadata("general.architecture", new GgufValue.Str("llama"));
    for (int i = 0; i < sizes.length; i++) {
      writer.tensor("t" + i, GgmlType.I8, List.of((long) sizes[i]), ZEROS);
    }
    return writer;
  }

  private static ShardLimit bytes(long most) {
    return new ShardLimit(most, Integer.MAX_VALUE);
  }

  private static ShardLimit tensors(int most) {
    return new ShardLimit(Long.MAX_VALUE, most);
  }

  private Path shard(int number, int count) {
    return folder.resolve("m-%05d-of-%05d.gguf".formatted(number, count));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      return found.sorted().toList();
    }
  }

  private static GgufParser.Header header(Path file) throws IOException {
    MemorySegment bytes = MemorySegment.ofArray(Files.readAllBytes(file));
    return GgufParser.parse(bytes, file.toString(), HeaderReader.heap());
  }

  /** The names of the tensors of each file. */
  private List<String> split(ShardLimit limit, int... sizes) throws IOException {
    List<String> split = new ArrayList<>();
    try (GgufWriter writer = writer(limit, sizes)) {
      writer.write();
      for (Path file : writer.targets()) {
        split.add(String.join(" ", header(file).tensors().stream().map(GgufTensor::name).toList()));
      }
    }
    return split;
  }

  @Test
  void theFirstShardHasAllMetadata() throws IOException {
    try (GgufWriter writer = writer(tensors(2), 32, 5, 32)) {
      assertThat(writer.targets()).containsExactly(shard(1, 2), shard(2, 2));
      assertThat(writer.tensors()).extracting(GgufTensor::offset).containsExactly(0L, 32L, 0L);
      writer.write();
    }
    GgufBytes first =
        GgufBytes.header(2, 4)
            .key("general.architecture", 8)
            .string("llama")
            .key("split.no", 2)
            .u16(0)
            .key("split.count", 2)
            .u16(2)
            .key("split.tensors.count", 5)
            .u32(3)
            .tensor("t0", 24, 0, 32)
            .tensor("t1", 24, 32, 5)
            .pad(32)
            .raw(new byte[37])
            .pad(32);
    GgufBytes second =
        GgufBytes.header(1, 3)
            .key("split.no", 2)
            .u16(1)
            .key("split.count", 2)
            .u16(2)
            .key("split.tensors.count", 5)
            .u32(3)
            .tensor("t2", 24, 0, 32)
            .pad(32)
            .raw(new byte[32]);
    assertThat(Files.readAllBytes(shard(1, 2))).isEqualTo(first.toByteArray());
    assertThat(Files.readAllBytes(shard(2, 2))).isEqualTo(second.toByteArray());
    assertThat(files()).containsExactly(shard(1, 2), shard(2, 2));
  }

  @Test
  void aShardEndsWhereTheNextTensorWouldBeTooMuch() throws IOException {
    assertThat(split(bytes(64), 32, 32, 1, 33, 32)).containsExactly("t0 t1", "t2", "t3", "t4");
    assertThat(split(bytes(96), 32, 32, 1, 33, 32)).containsExactly("t0 t1 t2", "t3 t4");
    assertThat(split(bytes(1), 500, 5)).containsExactly("t0", "t1");
    assertThat(split(tensors(2), 1, 1, 1, 1)).containsExactly("t0 t1", "t2 t3");
    assertThat(split(new ShardLimit(96, 2), 32, 32, 1, 90)).containsExactly("t0 t1", "t2", "t3");
  }

  @Test
  void whatFitsOneFileIsNoShard() throws IOException {
    assertThat(split(bytes(64), 32, 32)).containsExactly("t0 t1");
    assertThat(files()).containsExactly(target);
    assertThat(header(target).metadata().keys()).containsExactly("general.architecture");
    assertThat(split(tensors(7))).containsExactly("");
  }

  @Test
  void anUnusualAlignmentHoldsInAllShards() throws IOException {
    try (GgufWriter writer = writer(tensors(1), 5, 5, 5).alignment(256)) {
      writer.write();
    }
    for (int i = 1; i <= 3; i++) {
      assertThat(header(shard(i, 3)).alignment()).isEqualTo(256);
      assertThat(Files.size(shard(i, 3))).isEqualTo(header(shard(i, 3)).dataOffset() + 256);
    }
    GgufFile.open(shard(2, 3)).close();
  }

  @Test
  void aShardIsNoNameToBuildOn() throws IOException {
    target = shard(2, 3);
    split(tensors(1), 1, 1);
    assertThat(files()).containsExactly(shard(1, 2), shard(2, 2));
  }

  @Test
  void aFailureLeavesNoneAndTheOldOnes() throws IOException {
    Files.writeString(shard(1, 3), "old");
    Files.writeString(shard(3, 3), "old");
    try (GgufWriter writer = writer(tensors(1), 1, 1)) {
      writer.tensor("bad", GgmlType.I8, List.of(4L), out -> fail());
      assertThatThrownBy(writer::write).hasMessage("no data");
    }
    assertThat(files()).containsExactly(shard(1, 3), shard(3, 3));
    assertThat(shard(1, 3)).hasContent("old");
    assertThat(shard(3, 3)).hasContent("old");
  }

  private static void fail() {
    throw new UnsupportedOperationException("no data");
  }

  @Test
  void whoStopsTheWriterStopsAllShards() throws IOException {
    GgufWriter writer = writer(tensors(1), 1, 1);
    writer.tensor(
        "last",
        GgmlType.I8,
        List.of(4L),
        out -> {
          writer.close();
          ZEROS.writeTo(out);
        });
    assertThatThrownBy(writer::write)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("stopped");
    assertThat(files()).isEmpty();
    GgufWriter early = writer(tensors(1), 1);
    early.tensor(
        "stopped",
        GgmlType.I8,
        List.of(4L),
        out -> {
          ZEROS.writeTo(out);
          early.close();
        });
    early.tensor("never", GgmlType.I8, List.of(4L), ZEROS);
    assertThatThrownBy(early::write).isInstanceOf(ForegateException.class);
    assertThat(files()).isEmpty();
  }

  /** Where one cannot have its name, those that have theirs lose them again. */
  @Test
  void noneTakesItsNameWhereOneCannot() throws IOException {
    try (GgufWriter writer = writer(tensors(1), 1, 1, 1)) {
      writer.tensor(
          "last",
          GgmlType.I8,
          List.of(4L),
          out -> {
            ZEROS.writeTo(out);
            occupy(shard(2, 4));
          });
      assertThatThrownBy(writer::write)
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining(shard(2, 4).toString());
    }
    assertThat(files()).containsExactly(shard(2, 4));
  }

  private static void occupy(Path place) {
    try {
      Files.createDirectories(place.resolve("something"));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void onlyOneRunWritesASet() throws IOException {
    try (GgufWriter writer = writer(tensors(1), 1, 1)) {
      writer.tensor(
          "last",
          GgmlType.I8,
          List.of(4L),
          out -> {
            try (GgufWriter second = writer(tensors(1), 1, 1, 1)) {
              assertThatThrownBy(second::write).hasMessageContaining("another run is writing it");
            }
            ZEROS.writeTo(out);
          });
      writer.write();
    }
    assertThat(files()).hasSize(3);
  }

  @Test
  void whatAKilledRunLeftIsReplaced() throws IOException {
    Files.write(PartFile.part(shard(1, 2)), new byte[] {'G', 'G', 'U', 'F', 1});
    Files.write(PartFile.part(shard(2, 2)), new byte[] {'G', 'G', 'U', 'F', 1, 2, 3});
    split(tensors(1), 1, 1);
    assertThat(files()).containsExactly(shard(1, 2), shard(2, 2));
    GgufFile.open(shard(1, 2)).close();
  }

  @Test
  void refusesLimitsThatHoldNothing() {
    assertThatThrownBy(() -> bytes(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> tensors(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
