package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged and hostile files: each gets its sentence, and nothing worse. */
@Timeout(60)
class GgufDamageTest {
  @Test
  void refusesEveryTruncation() {
    byte[] whole = GgufBytes.small().toByteArray();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> GgufBytes.parse(cut))
          .as("cut to %d of %d bytes", length, whole.length)
          .isInstanceOfSatisfying(
              GgufException.class,
              e -> {
                assertThat(e.byteOffset()).isBetween(0L, (long) cut.length);
                assertThat(e).hasMessageStartingWith("test.gguf: ");
                assertThat(e.hint()).isNotEmpty();
              });
    }
  }

  @Test
  void survivesEveryFlippedBit() {
    byte[] whole = GgufBytes.small().toByteArray();
    int opened = 0;
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        requireConsistent(GgufBytes.parse(flipped), flipped.length);
        opened++;
      } catch (GgufException e) {
        assertThat(e.byteOffset()).as("bit %d", bit).isBetween(0L, (long) whole.length);
      }
    }
    // Flips in names, values and tensor data make another sound file.
    assertThat(opened).isBetween(8 * 80, 8 * whole.length);
  }

  private static void requireConsistent(GgufParser.Header header, int fileSize) {
    long data = header.dataOffset();
    for (GgufTensor tensor : header.tensors()) {
      assertThat(tensor.offset() % header.alignment()).isZero();
      assertThat(data + tensor.offset() + tensor.byteSize()).isBetween(0L, (long) fileSize);
    }
    for (GgufValue value : header.metadata().asMap().values()) {
      assertThat(value.toString()).isNotEmpty();
      if (value instanceof GgufArray array) {
        assertThat(array.values()).hasSize(array.size()).doesNotContainNull();
      }
    }
    assertThat(header.tensors()).extracting(GgufTensor::name).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, Long.MIN_VALUE, -1, 1L << 32, 1000})
  void refusesAbsurdCounts(long count) {
    refuses(GgufBytes.header(count, 0).raw(new byte[100]), 8, "number of tensors");
    refuses(GgufBytes.header(0, count).raw(new byte[100]), 16, "number of metadata values");
    refuses(GgufBytes.header(0, 1).u64(count).raw(new byte[100]), 24, "length of metadata key 0");
    for (int type = 0; type <= 12; type++) {
      GgufBytes array = GgufBytes.header(0, 1).key("k", 9).u32(type).u64(count);
      refuses(array.raw(new byte[100]), 41, "length of metadata 'k'");
    }
    GgufBytes strings = GgufBytes.header(0, 1).key("k", 9).u32(8).u64(2).string("x").u64(count);
    refuses(strings.raw(new byte[100]), 58, "length of string 1 of metadata 'k'");
  }

  @Test
  void refusesMetadataThatWouldFillTheHeap() {
    // Empty arrays in an array: 12 bytes each in the file, many times that as objects.
    int count = 4_000_000;
    GgufBytes nested = GgufBytes.header(0, 1).key("k", 9).u32(9).u64(count);
    nested.raw(new byte[12 * count]);

    refuses(nested, -1, "MiB of memory");
  }

  @Test
  void refusesDeepNesting() {
    GgufBytes deep = GgufBytes.header(0, 1).key("k", 9);
    for (int i = 0; i < 100_000; i++) {
      deep.u32(9).u64(1);
    }
    refuses(deep.u32(0).u64(0), -1, "deep");
  }

  @Test
  void refusesBadMetadata() {
    refuses(GgufBytes.header(0, 1).key("k", 13).raw(new byte[9]), 33, "value type");
    refuses(GgufBytes.header(0, 1).key("k", 9).u32(-1).u64(0), 37, "element type");
    refuses(GgufBytes.header(0, 1).key("k", 7).raw(2), 37, "truth value");
    refuses(GgufBytes.header(0, 1).key("k", 9).u32(7).u64(3).raw(1, 0, 255), 51, "truth value");
    refuses(GgufBytes.header(0, 1).key("", 7).raw(1, 1), 24, "empty");
    refuses(GgufBytes.header(0, 2).key("k", 0).raw(1).key("k", 0).raw(2), 38, "second time");
    refuses(GgufBytes.header(0, 1).key("k".repeat(65536), 0).raw(1), 24, "65536");
  }

  @ParameterizedTest
  @CsvSource({
    "C0AF, 0",
    "C1BF, 0",
    "80, 0",
    "EDA080, 0",
    "F4908080, 0",
    "F5808080, 0",
    "E08080, 0",
    "F0808080, 0",
    "C3, 0",
    "E4B8, 0",
    "F09F98, 0",
    "616263C3, 3",
    "6161616161616161FF, 8",
    "6161616161616161C3A961FE, 11",
    "C328, 0",
    "E4B828, 0",
    "F09F9828, 0"
  })
  void refusesInvalidUtf8(String hex, int at) {
    byte[] text = HexFormat.of().parseHex(hex);
    assertThat(new String(text, StandardCharsets.UTF_8)).contains("\ufffd");
    refuses(GgufBytes.header(0, 1).key("k", 8).u64(text.length).raw(text), 45 + at, "UTF-8");
    GgufBytes inArray = GgufBytes.header(0, 1).key("k", 9).u32(8).u64(2).string("x");
    refuses(inArray.u64(text.length).raw(text), 66 + at, "string 1 of metadata 'k'");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 4, 24, 33, 1L << 21, 1L << 63})
  void refusesBadAlignment(long alignment) {
    refuses(GgufBytes.header(0, 1).key("general.alignment", 10).u64(alignment), 53, "power of two");
  }

  @Test
  void refusesAlignmentThatIsNoNumber() {
    refuses(GgufBytes.header(0, 1).key("general.alignment", 8).string("32"), 53, "power of two");
  }

  @Test
  void refusesBadTensors() {
    refuses(tensor("t", 0, 0), 33, "dimensions");
    refuses(tensor("t", 0, 0, 1, 1, 1, 1, 1), 33, "dimensions");
    refuses(tensor("t", 0, 0, 0), 37, "dimension 0");
    refuses(tensor("t", 0, 0, 4, -1), 45, "dimension 1");
    refuses(tensor("t", 0, 0, 1L << 32, 1L << 31), 45, "dimension 1");
    refuses(tensor("t", 0, 0, Long.MAX_VALUE, 2), 45, "dimension 1");
    refuses(tensor("t", 4, 0, 32), 45, "Q4_0=2");
    refuses(tensor("t", 1000, 0, 32), 45, "MXFP4=39");
    refuses(tensor("t", 8, 0, 31), 45, "Q8_0 with rows of 31");
    refuses(tensor("t", 8, 0, 16, 2), 53, "Q8_0 with rows of 16");
    refuses(tensor("t", 0, 0, 1L << 62), 45, "the size of tensor 't'");
    refuses(tensor("t", 0, 1, 4), 49, "multiple of the alignment");
    refuses(tensor("t", 0, -32, 4), 49, "multiple of the alignment");
    refuses(tensor("t", 0, Long.MAX_VALUE - 31, 4), 49, "file ends");
    refuses(tensor("t", 0, 0, 4), 49, "file ends");
    refuses(tensor("", 0, 0, 4), 24, "name");
    refuses(tensor("t".repeat(65), 0, 0, 4), 24, "65 bytes long");
  }

  private static GgufBytes tensor(String name, int type, long offset, long... shape) {
    // Without data, of which every sound tensor would need some.
    GgufBytes file = GgufBytes.header(1, 0).tensor(name, type, offset, shape);
    return file.raw(new byte[Math.max(0, 57 - file.size())]);
  }

  @Test
  void refusesTensorsThatShareBytes() {
    GgufBytes file = GgufBytes.header(2, 0).tensor("a", 0, 32, 9).tensor("b", 0, 0, 9).pad(32);
    refuses(file.raw(new byte[100]), 49, "at least 36, where tensor 'b' ends");
    GgufBytes same = GgufBytes.header(2, 0).tensor("a", 0, 0, 4).tensor("a", 0, 32, 4).pad(32);
    refuses(same.raw(new byte[100]), 57, "'a', a second time");
  }

  private static void refuses(GgufBytes file, long at, String says) {
    GgufException e = catchThrowableOfType(GgufException.class, file::parse);
    assertThat(e).as("expected a complaint with: " + says).isNotNull();
    assertThat(e).hasMessageStartingWith("test.gguf: ").hasMessageContaining(says);
    assertThat(e.getMessage()).contains("expected");
    assertThat(e.hint()).isNotEmpty();
    if (at >= 0) {
      assertThat(e.byteOffset()).as(e.getMessage()).isEqualTo(at);
    }
  }

  @Test
  void refusesOtherVersions() {
    for (int version : List.of(0, 1, 4, Integer.MAX_VALUE, -1)) {
      GgufBytes file = GgufBytes.header(version, 0, 0);
      refuses(file, 4, "GGUF version " + Integer.toUnsignedString(version));
    }
    assertThat(catchThrowableOfType(GgufException.class, GgufBytes.header(1, 0, 0)::parse).hint())
        .startsWith("Convert the model again");
    assertThat(catchThrowableOfType(GgufException.class, GgufBytes.header(4, 0, 0)::parse).hint())
        .startsWith("Use a newer Foregate");
  }

  @Test
  void refusesBigEndianFiles() {
    GgufBytes file = new GgufBytes().raw('G', 'G', 'U', 'F').raw(0, 0, 0, 3).raw(new byte[16]);
    refuses(file, 4, "big-endian");
  }

  @ParameterizedTest
  @CsvSource({
    "version https://git-lfs.github.com/spec/v1, git lfs pull",
    "'<!DOCTYPE html><html>', web page",
    "'PK\u0003\u0004abcdefgh', zip archive",
    "'12345678{\"a\":1}', safetensors",
    "lmggabcdefghijk, older than GGUF",
    "GG, damaged",
    "'\u0001\u0002\u0003\u0004', damaged",
  })
  void recognisesOtherFiles(String content, String hint) {
    GgufBytes file = new GgufBytes().raw(content.getBytes(StandardCharsets.UTF_8));
    refuses(file, 0, "begins with");
    assertThat(catchThrowableOfType(GgufException.class, file::parse).hint()).contains(hint);
  }
}
