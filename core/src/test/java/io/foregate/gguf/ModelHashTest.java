package io.foregate.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the hash sees, and what it is meant to overlook. */
class ModelHashTest {
  private static final int EXPERTS = 20;
  private static final int EXPERT_BYTES = 4 << 20;

  @TempDir Path folder;

  /** A model in the making; changes are made to it before it is written. */
  private static final class Draft {
    final Map<String, GgufValue> metadata = new LinkedHashMap<>();
    final LinkedHashMap<String, byte[]> tensors = new LinkedHashMap<>();
    GgmlType type = GgmlType.F16;
    List<Long> shape = List.of(32L, 4L);

    Draft() {
      metadata.put("general.architecture", new GgufValue.Str("llama"));
      metadata.put("general.name", new GgufValue.Str("a model"));
      metadata.put("llama.rope.freq_base", new GgufValue.F32(10_000));
      metadata.put("tokenizer.ggml.tokens", GgufArray.ofStrings(List.of("a", "b", "cd")));
      metadata.put("tokenizer.chat_template", new GgufValue.Str("{{ messages }}"));
      tensors.put("one", new byte[256]);
      tensors.put("two", new byte[256]);
    }
  }

  @Test
  void seesEveryWeightAndFactOfASmallModel() {
    Set<ModelHash> seen = new HashSet<>();
    assertThat(seen.add(hash(draft -> {}))).isTrue();
    List<Consumer<Draft>> changes =
        List.of(
            draft -> draft.tensors.get("one")[0] = 1,
            draft -> draft.tensors.get("one")[255] = 1,
            draft -> draft.tensors.get("two")[100] = 1,
            draft -> draft.tensors.put("three", draft.tensors.remove("two")),
            draft -> draft.tensors.remove("two"),
            draft -> draft.type = GgmlType.BF16,
            draft -> draft.shape = List.of(64L, 2L),
            draft -> draft.shape = List.of(32L, 2L, 2L),
            draft -> draft.metadata.put("general.architecture", new GgufValue.Str("other")),
            draft -> draft.metadata.put("llama.rope.freq_base", new GgufValue.F32(10_001)),
            draft -> draft.metadata.put("llama.rope.freq_base", new GgufValue.F64(10_000)),
            draft -> draft.metadata.remove("llama.rope.freq_base"),
            draft -> draft.metadata.put("llama.extra", new GgufValue.Bool(true)),
            draft ->
                draft.metadata.put(
                    "tokenizer.ggml.tokens", GgufArray.ofStrings(List.of("a", "bc", "d"))));
    for (Consumer<Draft> change : changes) {
      assertThat(seen.add(hash(change))).as("change %d", changes.indexOf(change)).isTrue();
    }
  }

  @Test
  void overlooksNamesTemplatesAndTheOrderOfThings() {
    ModelHash plain = hash(draft -> {});
    List<Consumer<Draft>> changes =
        List.of(
            draft -> draft.metadata.put("general.name", new GgufValue.Str("another name")),
            draft -> draft.metadata.put("tokenizer.chat_template", new GgufValue.Str("new")),
            draft -> draft.metadata.put("tokenizer.chat_template.tools", new GgufValue.Str("x")),
            draft -> draft.metadata.put("quantize.imatrix.file", new GgufValue.Str("x")),
            draft -> draft.metadata.put("general.alignment", new GgufValue.U32(4096)),
            draft -> draft.tensors.putFirst("two", draft.tensors.remove("two")),
            draft -> {
              GgufValue first = draft.metadata.remove("general.architecture");
              draft.metadata.put("general.architecture", first);
            });
    for (Consumer<Draft> change : changes) {
      assertThat(hash(change)).as("change %d", changes.indexOf(change)).isEqualTo(plain);
    }
  }

  private ModelHash hash(Consumer<Draft> change) {
    var draft = new Draft();
    change.accept(draft);
    Path path = folder.resolve("model.gguf");
    try (GgufWriter writer = GgufWriter.to(path)) {
      draft.metadata.forEach(writer::metadata);
      draft.tensors.forEach(
          (name, data) ->
              writer.tensor(name, draft.type, draft.shape, MemorySegment.ofArray(data)));
      writer.write();
    }
    return hash(path);
  }

  private static ModelHash hash(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      return ModelHash.of(file);
    }
  }

  /** A stack of experts too large to be read in full, of which one expert at a time changes. */
  @Test
  void seesTheChangeOfASingleExpertOfALargeModel() throws IOException {
    GgufBytes header = GgufBytes.header(1, 0).tensor("experts", 24, 0, 1024, 4096, EXPERTS).pad(32);
    Path path = header.writeTo(folder.resolve("large.gguf"));
    Set<ModelHash> seen = new HashSet<>();
    try (var raw = new RandomAccessFile(path.toFile(), "rw")) {
      raw.setLength(header.size() + (long) EXPERTS * EXPERT_BYTES);
      seen.add(hash(path));
      var other = new byte[EXPERT_BYTES];
      Arrays.fill(other, (byte) 1);
      for (int expert = 0; expert < EXPERTS; expert++) {
        raw.seek(header.size() + (long) expert * EXPERT_BYTES);
        raw.write(other);
        assertThat(seen.add(hash(path))).as("expert %d", expert).isTrue();
      }
    }
  }

  @Test
  void saysWhenTheFileIsCut() throws IOException {
    GgufBytes header = GgufBytes.header(1, 0).tensor("experts", 24, 0, 1024, 4096, EXPERTS).pad(32);
    Path path = header.writeTo(folder.resolve("cut.gguf"));
    try (var raw = new RandomAccessFile(path.toFile(), "rw")) {
      raw.setLength(header.size() + (long) EXPERTS * EXPERT_BYTES);
      try (GgufFile file = GgufFile.open(path)) {
        raw.setLength(EXPERT_BYTES);
        assertThatThrownBy(() -> ModelHash.of(file))
            .isInstanceOf(ForegateException.class)
            .hasMessageContainingAll("cut.gguf", "became shorter");
      }
    }
  }

  @Test
  void isKeptAsBytesOrText() {
    ModelHash hash = hash(draft -> {});
    assertThat(hash.bytes()).hasSize(ModelHash.BYTES);
    assertThat(ModelHash.of(hash.bytes())).isEqualTo(hash);
    assertThat(new ModelHash(hash.hex())).isEqualTo(hash);
    for (String bad : List.of("", "12", "G".repeat(64), "A".repeat(64), "0".repeat(65))) {
      assertThatThrownBy(() -> new ModelHash(bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
