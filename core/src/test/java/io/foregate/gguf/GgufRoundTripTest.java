package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/** What is written is read again, whatever it is. */
class GgufRoundTripTest {
  private static final int MAX_DEPTH = 3;

  @Property(tries = 200)
  void writesAndReadsAnything(
      @ForAll("metadata") Map<String, GgufValue> metadata,
      @ForAll("tensors") List<GgufTensor> tensors,
      @ForAll("alignments") int alignment,
      @ForAll long seed)
      throws IOException {
    Path folder = Files.createTempDirectory("foregate");
    Path path = folder.resolve("any.gguf");
    Map<String, MemorySegment> data = new LinkedHashMap<>();
    var random = new Random(seed);
    try (var writer = GgufWriter.to(path)) {
      metadata.forEach(writer::metadata);
      writer.alignment(alignment);
      for (GgufTensor tensor : tensors) {
        var bytes = new byte[(int) tensor.byteSize()];
        random.nextBytes(bytes);
        data.put(tensor.name(), MemorySegment.ofArray(bytes));
        writer.tensor(tensor.name(), tensor.type(), tensor.shape(), data.get(tensor.name()));
      }
      writer.write();
    }

    try (GgufFile file = GgufFile.open(path)) {
      Map<String, GgufValue> expected = new LinkedHashMap<>(metadata);
      expected.put("general.alignment", new GgufValue.U32(alignment));
      assertThat(file.metadata().asMap()).containsExactlyEntriesOf(expected);
      assertThat(file.tensors()).hasSameSizeAs(tensors);
      for (int i = 0; i < tensors.size(); i++) {
        GgufTensor read = file.tensors().get(i);
        assertThat(read)
            .usingRecursiveComparison()
            .ignoringFields("offset")
            .isEqualTo(tensors.get(i));
        assertThat(file.data(read).mismatch(data.get(read.name()))).isEqualTo(-1);
        assertThat(file.data(read).address() % alignment).isZero();
      }
    } finally {
      Files.delete(path);
      Files.delete(folder);
    }
  }

  @Property
  void checksUtf8AsTheJdkDoes(@ForAll @Size(max = 24) byte[] bytes) {
    assertThat(Utf8.firstInvalid(bytes, 0, bytes.length) < 0).isEqualTo(isUtf8(bytes));
  }

  @Property
  void acceptsEveryText(@ForAll("text") String text) {
    byte[] bytes = GgufEncoding.utf8(text);
    assertThat(Utf8.firstInvalid(bytes, 0, bytes.length)).isEqualTo(-1);
    assertThat(isUtf8(bytes)).isTrue();
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)) != null;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  @Provide
  Arbitrary<Integer> alignments() {
    return Arbitraries.of(8, 32, 64, 4096);
  }

  @Provide
  Arbitrary<String> text() {
    return Arbitraries.strings()
        .withChars("ab \n\u0000\u00e9\u2581\u4e2d\uffff")
        .ofMaxLength(12)
        .map(s -> s + (s.length() % 3 == 0 ? "\ud83d\ude00" : ""));
  }

  @Provide
  Arbitrary<Map<String, GgufValue>> metadata() {
    Arbitrary<String> keys =
        text().filter(key -> !key.isEmpty() && !key.equals("general.alignment"));
    return Arbitraries.maps(keys, value(0)).ofMaxSize(12);
  }

  private Arbitrary<GgufValue> value(int depth) {
    return Arbitraries.of(GgufValue.Type.values())
        .filter(type -> depth < MAX_DEPTH || type != GgufValue.Type.ARRAY)
        .flatMap(type -> value(type, depth));
  }

  private Arbitrary<GgufValue> value(GgufValue.Type type, int depth) {
    return switch (type) {
      case U8 -> Arbitraries.integers().between(0, 255).map(GgufValue.U8::new);
      case I8 -> Arbitraries.bytes().map(GgufValue.I8::new);
      case U16 -> Arbitraries.integers().between(0, 65535).map(GgufValue.U16::new);
      case I16 -> Arbitraries.shorts().map(GgufValue.I16::new);
      case U32 -> Arbitraries.longs().between(0, 0xFFFF_FFFFL).map(GgufValue.U32::new);
      case I32 -> Arbitraries.integers().map(GgufValue.I32::new);
      case F32 -> Arbitraries.integers().map(Float::intBitsToFloat).map(GgufValue.F32::new);
      case BOOL -> Arbitraries.of(true, false).map(GgufValue.Bool::new);
      case STRING -> text().map(GgufValue.Str::new);
      case U64 -> Arbitraries.longs().map(GgufValue.U64::new);
      case I64 -> Arbitraries.longs().map(GgufValue.I64::new);
      case F64 -> Arbitraries.longs().map(Double::longBitsToDouble).map(GgufValue.F64::new);
      case ARRAY ->
          Arbitraries.of(GgufValue.Type.values())
              .filter(element -> depth < MAX_DEPTH || element != GgufValue.Type.ARRAY)
              .flatMap(
                  element ->
                      value(element, depth + 1)
                          .list()
                          .ofMaxSize(5)
                          .map(elements -> GgufArray.of(element, elements)));
    };
  }

  @Provide
  Arbitrary<List<GgufTensor>> tensors() {
    Arbitrary<String> names =
        Arbitraries.strings()
            .withCharRange('a', 'z')
            .withChars("._")
            .ofMinLength(1)
            .ofMaxLength(63);
    Arbitrary<List<Integer>> dims =
        Arbitraries.integers().between(1, 4).list().ofMinSize(1).ofMaxSize(4);
    return Combinators.combine(names, Arbitraries.of(GgmlType.values()), dims)
        .as(GgufRoundTripTest::tensor)
        .list()
        .uniqueElements(GgufTensor::name)
        .ofMaxSize(6);
  }

  private static GgufTensor tensor(String name, GgmlType type, List<Integer> dims) {
    List<Long> shape = new ArrayList<>(dims.stream().map(Integer::longValue).toList());
    shape.set(0, shape.getFirst() * type.blockSize());
    return new GgufTensor(name, type, shape, 0);
  }
}
