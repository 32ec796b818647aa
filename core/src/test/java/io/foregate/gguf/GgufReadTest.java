package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the reader makes of sound files that were assembled by hand. */
class GgufReadTest {
  @Test
  void readsASmallFile() {
    GgufParser.Header header = GgufBytes.small().parse();

    assertThat(header.version()).isEqualTo(3);
    assertThat(header.alignment()).isEqualTo(64);
    assertThat(header.dataOffset()).isEqualTo(GgufBytes.small().size() - 128 - 12);
    assertThat(header.tensors())
        .containsExactly(
            new GgufTensor("one", GgmlType.Q8_0, List.of(32L, 2L), 0),
            new GgufTensor("two", GgmlType.F32, List.of(3L), 128));
    assertThat(header.metadata().keys())
        .containsExactly(
            "general.architecture",
            "general.alignment",
            "a.bool",
            "a.strings",
            "a.shorts",
            "a.nested");
    assertThat(header.metadata().strings("a.strings")).containsExactly("x", "", "\u00e9\u4e2d");
    assertThat(header.metadata().ints("a.shorts")).containsExactly(-2, 2);
    var bools =
        GgufArray.of(
            GgufValue.Type.BOOL, List.of(new GgufValue.Bool(false), new GgufValue.Bool(true)));
    assertThat(header.metadata().get("a.nested"))
        .contains(
            GgufArray.of(
                GgufValue.Type.ARRAY, List.of(bools, GgufArray.ofStrings(List.of("deep")))));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void readsBothVersions(int version) {
    GgufParser.Header header =
        GgufBytes.header(version, 1, 1)
            .key("k", 10)
            .u64(7)
            .tensor("t", 30, 0, 4)
            .pad(32)
            .raw(new byte[8])
            .parse();

    assertThat(header.version()).isEqualTo(version);
    assertThat(header.metadata().longInteger("k")).isEqualTo(7);
    assertThat(header.tensors().getFirst().type()).isEqualTo(GgmlType.BF16);
  }

  @Test
  void readsAFileOfMetadataAlone() {
    GgufParser.Header header = GgufBytes.header(0, 1).key("k", 0).raw(255).parse();

    assertThat(header.tensors()).isEmpty();
    assertThat(header.metadata().integer("k")).isEqualTo(255);
  }

  @Test
  void readsAFileOfNothing() {
    GgufParser.Header header = GgufBytes.header(0, 0).parse();

    assertThat(header.metadata().keys()).isEmpty();
    assertThat(header.alignment()).isEqualTo(32);
  }

  @Test
  void acceptsTensorsInAnyOrderWithGaps() {
    GgufParser.Header header =
        GgufBytes.header(2, 0)
            .tensor("later", 24, 64, 5)
            .tensor("sooner", 24, 0, 3)
            .pad(32)
            .raw(new byte[69])
            .parse();

    assertThat(header.tensors()).extracting(GgufTensor::offset).containsExactly(64L, 0L);
  }

  @Test
  void knowsTheSizeOfEveryTensorType() {
    for (GgmlType type : GgmlType.values()) {
      int bytes = 3 * 2 * type.blockBytes();
      GgufBytes file =
          GgufBytes.header(1, 0).tensor("t", type.id(), 0, 2L * type.blockSize(), 3).pad(32);
      file.raw(new byte[bytes]);

      GgufTensor tensor = file.parse().tensors().getFirst();

      assertThat(tensor.byteSize()).as(type.name()).isEqualTo(bytes);
      assertThat(tensor.elements()).as(type.name()).isEqualTo(6L * type.blockSize());
    }
  }

  @Test
  void convertsNumbersThatFit() {
    GgufMetadata metadata =
        GgufBytes.header(0, 5)
            .key("u64", 10)
            .u64(1L << 40)
            .key("i8", 1)
            .raw(-1)
            .key("f64", 12)
            .u64(Double.doubleToLongBits(0.5))
            .key("huge", 10)
            .u64(-1)
            .key("mixed", 9)
            .u32(5)
            .u64(2)
            .u32(3)
            .u32(-3)
            .parse()
            .metadata();

    assertThat(metadata.longInteger("u64")).isEqualTo(1L << 40);
    assertThat(metadata.integer("i8")).isEqualTo(-1);
    assertThat(metadata.real("i8")).isEqualTo(-1f);
    assertThat(metadata.real("f64")).isEqualTo(0.5f);
    assertThat(metadata.floats("mixed")).containsExactly(3f, -3f);
    assertThat(metadata.integer("absent", 4)).isEqualTo(4);
    assertThat(metadata.findInteger("absent")).isEqualTo(OptionalInt.empty());
    assertThatThrownBy(() -> metadata.integer("u64"))
        .isInstanceOf(GgufException.class)
        .hasMessageContainingAll("test.gguf", "'u64'", "1099511627776", "32-bit integer");
    assertThatThrownBy(() -> metadata.longInteger("huge"))
        .isInstanceOf(GgufException.class)
        .hasMessageContaining("18446744073709551615");
    assertThatThrownBy(() -> metadata.integer("f64", 4))
        .isInstanceOf(GgufException.class)
        .hasMessageContaining("F64");
    assertThatThrownBy(() -> metadata.strings("mixed"))
        .isInstanceOf(GgufException.class)
        .hasMessageContainingAll("array of 2 I32", "array of strings");
  }

  @Test
  void namesWhatIsMissing() {
    GgufMetadata metadata = GgufBytes.header(0, 0).parse().metadata();

    assertThatThrownBy(() -> metadata.string("general.architecture"))
        .isInstanceOf(ForegateException.class)
        .hasMessage("test.gguf: metadata 'general.architecture' is missing, expected a string");
  }

  @Test
  void keepsControlCharactersOutOfMessages() {
    GgufMetadata metadata =
        GgufBytes.header(0, 1)
            .key("k", 8)
            .string("a\u001b[31m\n" + "b".repeat(500))
            .parse()
            .metadata();

    assertThatThrownBy(() -> metadata.integer("k"))
        .satisfies(
            e -> assertThat(e.getMessage()).doesNotContain("\u001b", "\n").hasSizeLessThan(200));
  }
}
