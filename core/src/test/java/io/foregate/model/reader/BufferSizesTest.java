package io.foregate.model.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Small files that claim absurd numbers, each of them allowed by itself. */
class BufferSizesTest {
  @TempDir private Path folder;

  private void read(Map<String, Integer> claims) {
    Map<String, Integer> values = new LinkedHashMap<>();
    values.put("block_count", 2);
    values.put("context_length", 256);
    values.put("embedding_length", 32);
    values.put("feed_forward_length", 32);
    values.put("attention.head_count", 2);
    values.put("attention.head_count_kv", 1);
    values.put("expert_count", 4);
    values.put("expert_used_count", 2);
    values.putAll(claims);
    Path path = folder.resolve("absurd.gguf");
    try (GgufWriter writer = GgufWriter.to(path)) {
      writer.metadata("general.architecture", new GgufValue.Str("llama"));
      writer.metadata("llama.attention.layer_norm_rms_epsilon", new GgufValue.F32(1e-5f));
      values.forEach((key, value) -> writer.metadata("llama." + key, new GgufValue.U32(value)));
      writer.tensor(
          "token_embd.weight", GgmlType.F32, List.of(1L, 4L), MemorySegment.ofArray(new byte[16]));
      writer.write();
    }
    try (GgufFile file = GgufFile.open(path)) {
      ModelConfigReader.read(file);
    }
  }

  static Stream<Arguments> absurd() {
    return Stream.of(
        Arguments.of(
            "attention.head_count",
            Map.of("attention.head_count", 65_536, "attention.key_length", 65_536)),
        Arguments.of(
            "attention.head_count",
            Map.of("attention.head_count", 65_536, "attention.key_length", 128)),
        Arguments.of(
            "expert_used_count",
            Map.of("expert_used_count", 60_000, "expert_count", 65_536, "embedding_length", 4096)),
        Arguments.of(
            "expert_used_count",
            Map.of("expert_used_count", 8, "expert_count", 8, "embedding_length", 1 << 20)),
        Arguments.of(
            "expert_count",
            Map.of("expert_count", 65_536, "embedding_length", 1 << 20, "feed_forward_length", 1)));
  }

  @ParameterizedTest
  @MethodSource("absurd")
  void refusesWhatNoArrayCouldHold(String key, Map<String, Integer> claims) {
    assertThatThrownBy(() -> read(claims))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e)
                  .hasMessageContainingAll(
                      "'llama.%s' is %d".formatted(key, claims.get(key)), "buffers of", "at most");
              assertThat(e.hint()).isNotEmpty();
            });
  }

  /** Numbers of the largest models that there are. */
  @Test
  void takesWhatThereIs() {
    assertThatCode(
            () ->
                read(
                    Map.of(
                        "attention.head_count", 128,
                        "attention.key_length", 256,
                        "embedding_length", 16_384,
                        "feed_forward_length", 53_248,
                        "expert_count", 512,
                        "expert_used_count", 22,
                        "block_count", 126)))
        .doesNotThrowAnyException();
  }
}
