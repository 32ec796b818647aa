package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model in shards is one model, and files that do not belong together are none. */
@Timeout(60)
class ShardReadTest {
  private static final int SHARDS = 3;
  private static final GgufValue ARCHITECTURE = new GgufValue.Str("llama");

  @TempDir private Path folder;
  private Path whole;

  @BeforeEach
  void writeModel() {
    whole = write(folder.resolve("m.gguf"), "a model", ShardLimit.NONE);
    write(whole, "a model", new ShardLimit(Long.MAX_VALUE, 2));
  }

  /** Five tensors: of three shards, the last has one. */
  private static Path write(Path file, String name, ShardLimit limit) {
    try (GgufWriter writer = GgufWriter.to(file).shards(limit)) {
      writer
          .metadata("general.architecture", ARCHITECTURE)
          .metadata("general.name", new GgufValue.Str(name))
          .metadata("tokenizer.ggml.tokens", GgufArray.ofStrings(List.of("a", "b")));
      for (int i = 0; i < 5; i++) {
        var data = MemorySegment.ofArray(new float[] {i, -i, 0.5f * i});
        writer.tensor("t" + i, GgmlType.F32, List.of(3L), data);
      }
      writer.write();
      return file;
    }
  }

  private Path shard(int number) {
    return folder.resolve("m-%05d-of-%05d.gguf".formatted(number, SHARDS));
  }

  private void refuses(Path file, String... words) {
    assertThatThrownBy(() -> GgufFile.open(file).close())
        .isInstanceOfSatisfying(
            GgufException.class, e -> assertThat(e.hint()).isNotEmpty().endsWith("."))
        .hasMessageContainingAll(words);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void anyShardIsTheWholeModel(int named) {
    try (GgufFile one = GgufFile.open(whole);
        GgufFile file = GgufFile.open(shard(named))) {
      assertThat(file.path()).isEqualTo(shard(1));
      assertThat(file.paths()).containsExactly(shard(1), shard(2), shard(3));
      assertThat(file.metadata().asMap()).isEqualTo(one.metadata().asMap());
      assertThat(file.tensors())
          .extracting(GgufTensor::name)
          .containsExactly("t0", "t1", "t2", "t3", "t4");
      for (GgufTensor tensor : one.tensors()) {
        GgufTensor found = file.tensor(tensor.name());
        assertThat(file.data(found).mismatch(one.data(tensor))).isEqualTo(-1);
      }
      assertThat(file.path(file.tensor("t4"))).isEqualTo(shard(3));
      assertThat(ModelHash.of(file)).isEqualTo(ModelHash.of(one));
      assertThat(file.fileSize()).isGreaterThan(one.fileSize());
    }
    assertThat(GgufFile.stem(shard(named))).isEqualTo("m").isEqualTo(GgufFile.stem(whole));
  }

  @Test
  void theShardThatWasCutIsToBlame() throws IOException {
    try (GgufFile file = GgufFile.open(shard(1))) {
      assertThat(file.faulty()).isEqualTo(shard(1));
      try (FileChannel cut = FileChannel.open(shard(3), StandardOpenOption.WRITE)) {
        cut.truncate(40);
      }
      assertThat(file.faulty()).isEqualTo(shard(3));
    }
  }

  @Test
  void whatSaysHowAFileWasSplitIsNoPartOfTheModel() {
    Path merged = folder.resolve("merged.gguf"); // as llama.cpp's gguf-split leaves it
    Map<String, GgufValue> split = split(0, 0, 1);
    split.put("general.architecture", ARCHITECTURE);
    raw(merged, split, "t");
    Path plain = folder.resolve("plain.gguf");
    raw(plain, Map.of("general.architecture", ARCHITECTURE), "t");
    try (GgufFile one = GgufFile.open(merged);
        GgufFile other = GgufFile.open(plain)) {
      assertThat(one.metadata().keys()).containsExactly("general.architecture");
      assertThat(ModelHash.of(one)).isEqualTo(ModelHash.of(other));
    }
    Path alone = folder.resolve("alone-00001-of-00001.gguf");
    raw(alone, split(0, 1, 1), "t");
    GgufFile.open(alone).close();
  }

  @Test
  void shardsThatAreMissingAreNamed() throws IOException {
    Files.delete(shard(2));
    refuses(
        shard(1), shard(1).toString(), "1 of the model's 3 shards is missing: m-00002-of-00003");
    Files.delete(shard(1));
    refuses(shard(3), "2 of the model's 3 shards are missing", "m-00001-of-00003.gguf, m-00002");
    Path many = folder.resolve("many-00002-of-65535.gguf");
    raw(many, split(1, 65535, 70000), "t");
    refuses(many, "65534 of the model's 65535 shards are missing: many-00001-of-65535", ", ...");
  }

  @Test
  void aShardThatIsThereTwiceIsTold() throws IOException {
    Files.copy(shard(2), shard(3), StandardCopyOption.REPLACE_EXISTING);
    refuses(shard(1), shard(3).toString(), "'split.no' is 1, expected 2");
    refuses(shard(3), shard(3).toString(), "'split.no' is 1, expected 2");
    Files.delete(shard(3));
    Files.createSymbolicLink(shard(3), shard(1));
    refuses(shard(1), shard(3).toString(), "'split.no' is 0, expected 2");
  }

  @Test
  void aShardOfAnotherModelIsTold() {
    raw(shard(2), split(1, 3, 6), "t2", "t3");
    refuses(shard(1), shard(2).toString(), "'split.tensors.count' is I32[value=6]", "value=5");
    raw(shard(2), split(1, 4, 5), "t2", "t3");
    refuses(shard(1), shard(2).toString(), "'split.count' is 4, expected 3 from the file's name");
    raw(shard(2), split(1, 3, 5), "t0", "t3");
    refuses(
        shard(3), shard(2).toString(), "tensor 't0' is there a second time", "m-00001-of-00003");
    raw(shard(2), split(1, 3, 5), "t2");
    refuses(shard(2), shard(1).toString(), "'split.tensors.count' is 5, expected the 4 tensors");
    raw(shard(2), Map.of(), "t2", "t3");
    refuses(shard(1), shard(2).toString(), "'split.count' is missing, expected 3");
    Map<String, GgufValue> unnumbered = split(1, 3, 5);
    unnumbered.remove("split.no");
    raw(shard(2), unnumbered, "t2", "t3");
    refuses(shard(1), shard(2).toString(), "'split.no' is missing, expected 1");
  }

  @Test
  void shardsThatContradictEachOtherAreTold() {
    Map<String, GgufValue> other = split(1, 3, 5);
    other.put("general.name", new GgufValue.Str("another"));
    raw(shard(2), other, "t2", "t3");
    refuses(
        shard(1), shard(2).toString(), "'general.name' is the string 'another'", "'a model' as in");
    other.put("general.name", new GgufValue.Str("a model"));
    raw(shard(2), other, "t2", "t3"); // all shards may say all that the first says
    GgufFile.open(shard(2)).close();
  }

  @Test
  void alignmentsMustBeTheSameWhereTheyAreTold() {
    Map<String, GgufValue> first = split(0, 2, 2);
    first.put("general.alignment", new GgufValue.U32(64));
    Path one = folder.resolve("a-00001-of-00002.gguf");
    Path two = folder.resolve("a-00002-of-00002.gguf");
    raw(one, first, "t0");
    raw(two, split(1, 2, 2), "t1"); // gguf-split's: the usual alignment
    GgufFile.open(one).close();
    Map<String, GgufValue> second = split(1, 2, 2);
    second.put("general.alignment", new GgufValue.U32(128));
    raw(two, second, "t1");
    refuses(one, two.toString(), "'general.alignment' is U32[value=128], expected U32[value=64]");
  }

  @Test
  void namesAreHeldToWhatShardsSay() throws IOException {
    Path renamed = Files.copy(shard(2), folder.resolve("renamed.gguf"));
    refuses(renamed, renamed.toString(), "is a shard of 3", "'split.count'", "renamed-00001-of-");
    Path of = Files.copy(shard(2), folder.resolve("m-00002-of-00004.gguf"));
    refuses(of, of.toString(), "'split.count' is 3, expected 4 from the file's name");
    for (String number : List.of("00000", "00004")) {
      Path beyond = Files.copy(shard(2), folder.resolve("m-%s-of-00003.gguf".formatted(number)));
      refuses(beyond, "by its name, expected 1 to 3");
    }
    Path plain = folder.resolve("plain-00002-of-00003.gguf"); // says of itself that it is whole
    raw(plain, Map.of("general.architecture", ARCHITECTURE), "t");
    GgufFile.open(plain).close();
  }

  @Test
  void countsThatCannotBeAreTold() {
    Map<String, GgufValue> bad = new LinkedHashMap<>();
    bad.put("is the string 'three'", new GgufValue.Str("three"));
    bad.put("is -1, expected at most 65535", new GgufValue.I32(-1));
    bad.put("is 65536, expected at most 65535", new GgufValue.U32(65536));
    bad.put("expected a 64-bit integer", new GgufValue.U64(-1));
    bad.forEach(
        (words, value) -> {
          raw(shard(1), Map.of("split.count", value), "t0");
          refuses(shard(1), shard(1).toString(), "'split.count'", words);
        });
  }

  @Test
  void aShardThatIsCutShortOrNoModelIsTold() throws IOException {
    byte[] bytes = Files.readAllBytes(shard(2));
    for (int length : new int[] {0, 3, 20, bytes.length / 2, bytes.length - 32}) {
      Files.write(shard(2), Arrays.copyOf(bytes, length));
      refuses(shard(1), shard(2).toString());
    }
    Files.writeString(shard(2), "<!doctype html> not found");
    refuses(shard(3), shard(2).toString(), "a web page");
    Files.delete(shard(2));
    Files.createDirectory(shard(2));
    refuses(shard(3), shard(2).toString(), "is a directory");
  }

  /** Whatever byte of a header is damaged: a sentence that names a shard, or a sound model. */
  @Test
  void damageIsASentence() throws IOException {
    byte[] bytes = Files.readAllBytes(shard(2));
    for (int at = 0; at < bytes.length; at++) {
      for (int flip : new int[] {1, 0x80, 0xff}) {
        byte[] damaged = bytes.clone();
        damaged[at] ^= (byte) flip;
        Files.write(shard(2), damaged);
        try (GgufFile file = GgufFile.open(shard(1))) {
          assertThat(file.tensors()).hasSize(5);
        } catch (GgufException e) {
          assertThat(e.getMessage()).contains(folder.toString());
        }
      }
    }
  }

  /** Else shards that repeat the first one's would keep its vocabulary as often as there are. */
  @Test
  void nothingIsKeptOfLaterMetadata() {
    try (Arena arena = Arena.ofShared()) {
      List<MappedGguf> all = ShardReader.open(shard(2), arena, HeaderReader.heap());
      assertThat(all.getFirst().header().metadata().keys()).contains("split.no", "general.name");
      assertThat(all.subList(1, SHARDS))
          .allSatisfy(later -> assertThat(later.header().metadata().keys()).isEmpty());
    }
  }

  /** What all shards keep of Java's memory has the bound that one file has. */
  @Test
  void manyShardsHaveTheMemoryOfOneFile() {
    int count = 8;
    Path first = folder.resolve("n-00001-of-00008.gguf");
    for (int i = 0; i < count; i++) {
      Path file = folder.resolve("n-%05d-of-%05d.gguf".formatted(i + 1, count));
      raw(file, split(i, count, 3 * count), "a" + i, "b" + i, "c" + i);
    }
    try (Arena arena = Arena.ofShared()) {
      assertThat(ShardReader.open(first, arena, 20_000)).hasSize(count);
      assertThatThrownBy(() -> ShardReader.open(first, arena, 4_000))
          .isInstanceOf(GgufException.class)
          .hasMessageContainingAll("-of-00008.gguf: with ", "of memory")
          .hasMessageNotContaining("n-00001");
    }
  }

  /** What says that a file is a shard. */
  private static Map<String, GgufValue> split(int no, int count, int tensors) {
    Map<String, GgufValue> split = new LinkedHashMap<>();
    split.put("split.no", new GgufValue.U16(no));
    split.put("split.count", new GgufValue.U16(count));
    split.put("split.tensors.count", new GgufValue.I32(tensors));
    return split;
  }

  private static void raw(Path file, Map<String, GgufValue> metadata, String... tensors) {
    try (GgufWriter writer = GgufWriter.to(file)) {
      metadata.forEach(writer::metadata);
      for (String name : tensors) {
        writer.tensor(name, GgmlType.I8, List.of(4L), MemorySegment.ofArray(new byte[4]));
      }
      writer.write();
    }
  }
}
