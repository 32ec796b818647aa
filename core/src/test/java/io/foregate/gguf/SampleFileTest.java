package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads sample.gguf and its shards, which another implementation wrote: see make-sample.py. */
class SampleFileTest {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Test
  void readsTheHeader() throws URISyntaxException {
    try (GgufFile file = GgufFile.open(sample())) {
      assertThat(file.version()).isEqualTo(3);
      assertThat(file.alignment()).isEqualTo(32);
      assertThat(file.dataOffset() % 32).isZero();
      assertThat(file.tensors())
          .containsExactly(
              new GgufTensor("plain.f32", GgmlType.F32, List.of(64L, 3L), 0),
              new GgufTensor("plain.f16", GgmlType.F16, List.of(64L, 3L), 768),
              new GgufTensor("blocks.q8_0", GgmlType.Q8_0, List.of(64L, 3L), 1152),
              new GgufTensor("experts.f32", GgmlType.F32, List.of(5L, 3L, 2L), 1376),
              new GgufTensor("vector.i32", GgmlType.I32, List.of(3L), 1504));
    }
  }

  @Test
  void readsEveryScalarType() throws URISyntaxException {
    try (GgufFile file = GgufFile.open(sample())) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.string("general.name")).isEqualTo("sample \u00e9\u4e2d\ud83d\ude00");
      assertThat(metadata.get("test.u8")).contains(new GgufValue.U8(200));
      assertThat(metadata.get("test.i8")).contains(new GgufValue.I8((byte) -100));
      assertThat(metadata.get("test.u16")).contains(new GgufValue.U16(60000));
      assertThat(metadata.get("test.i16")).contains(new GgufValue.I16((short) -30000));
      assertThat(metadata.get("test.u32")).contains(new GgufValue.U32(4_000_000_000L));
      assertThat(metadata.get("test.i32")).contains(new GgufValue.I32(-2_000_000_000));
      assertThat(metadata.get("test.f32")).contains(new GgufValue.F32(1.5f));
      assertThat(metadata.get("test.bool")).contains(new GgufValue.Bool(true));
      assertThat(metadata.get("test.u64")).contains(new GgufValue.U64(-1L));
      assertThat(metadata.get("test.i64")).contains(new GgufValue.I64(Long.MIN_VALUE));
      assertThat(metadata.get("test.f64")).contains(new GgufValue.F64(0.1));
    }
  }

  @Test
  void readsArrays() throws URISyntaxException {
    try (GgufFile file = GgufFile.open(sample())) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.strings("test.strings"))
          .containsExactly("", "a", "\u4e2d\u6587", "\u2581hello");
      assertThat(metadata.ints("test.ints")).containsExactly(1, -2, 3);
      assertThat(metadata.floats("test.floats")).containsExactly(0.5f, -0.25f);
      assertThat(((GgufArray) metadata.get("test.bools").orElseThrow()).values())
          .containsExactly(
              new GgufValue.Bool(true), new GgufValue.Bool(false), new GgufValue.Bool(true));
    }
  }

  @Test
  void readsTensorData() throws URISyntaxException {
    try (GgufFile file = GgufFile.open(sample())) {
      MemorySegment rows = file.data(file.tensor("plain.f32"));
      assertThat(rows.isReadOnly()).isTrue();
      assertThat(rows.byteSize()).isEqualTo(3 * 64 * Float.BYTES);
      for (int i = 0; i < 3 * 64; i++) {
        assertThat(rows.getAtIndex(FLOAT, i)).isEqualTo(i / 16f - 6);
      }
      MemorySegment experts = file.data(file.tensor("experts.f32"));
      for (int i = 0; i < 2 * 3 * 5; i++) {
        assertThat(experts.getAtIndex(FLOAT, i)).isEqualTo(i);
      }
    }
  }

  @Test
  void readsShards() throws URISyntaxException {
    for (int i = 1; i <= 3; i++) {
      try (GgufFile one = GgufFile.open(sample());
          GgufFile shards = GgufFile.open(shard(i))) {
        assertThat(shards.paths()).hasSize(3);
        assertThat(shards.metadata().asMap()).isEqualTo(one.metadata().asMap());
        assertThat(shards.tensors()).hasSameSizeAs(one.tensors());
        for (GgufTensor tensor : one.tensors()) {
          GgufTensor found = shards.tensor(tensor.name());
          assertThat(found.shape()).isEqualTo(tensor.shape());
          assertThat(shards.data(found).mismatch(one.data(tensor))).isEqualTo(-1);
        }
        assertThat(ModelHash.of(shards)).isEqualTo(ModelHash.of(one));
      }
    }
  }

  @Test
  void writesTheSameShards(@TempDir Path folder) throws URISyntaxException {
    try (GgufFile sample = GgufFile.open(sample());
        GgufWriter writer = GgufWriter.to(folder.resolve("sample.gguf"))) {
      writer.shards(new ShardLimit(Long.MAX_VALUE, 2)).metadata(sample.metadata());
      sample.tensors().forEach(t -> writer.tensor(t.name(), t.type(), t.shape(), sample.data(t)));
      writer.write();
      assertThat(writer.targets()).hasSize(3);
      for (int i = 1; i <= 3; i++) {
        Path theirs = shard(i);
        Path ours = folder.resolve(theirs.getFileName());
        assertThat(ours).hasSameBinaryContentAs(theirs);
      }
    }
  }

  private static Path shard(int number) throws URISyntaxException {
    String name = "/gguf/sample-%05d-of-00003.gguf".formatted(number);
    return Path.of(SampleFileTest.class.getResource(name).toURI());
  }

  static Path sample() throws URISyntaxException {
    return Path.of(SampleFileTest.class.getResource("/gguf/sample.gguf").toURI());
  }
}
