package io.foregate.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.options.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticModelTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_K", "F16"})
  void everyExpertHasSomethingToSay(GgmlType type) {
    Path file = SyntheticModel.small(type).write(folder.resolve("model.gguf"));
    try (Engine engine = Engine.open(file, ModelOptions.defaults());
        Session session = engine.newSession()) {
      var used = new boolean[engine.config().experts()];
      session.onRouting(
          (layer, position, routing, inputs) -> {
            for (int i = 0; i < routing.tokens() * routing.used(); i++) {
              used[routing.ids()[i]] = true;
            }
          });
      int[] tokens = engine.tokenizer().encode("all sorts of text", true, false);
      session.feed(tokens, 0, tokens.length);
      assertThat(session.logits()).doesNotContain(Float.NaN);
      assertThat(used).doesNotContain(false);
    }
  }

  /** Those that engines are compared on: far more than caches hold, and few seconds to write. */
  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16", "Q8_0", "Q6_K", "Q4_K", "IQ4_XS", "MXFP4", "Q3_K", "Q2_K"})
  void weighsAtLeastAGigabyte(GgmlType type) {
    assertThat(SyntheticModel.mixtral(type).bytes()).isBetween(1_000_000_000L, 6_400_000_000L);
    assertThat(SyntheticModel.fine(type).bytes()).isBetween(1_000_000_000L, 6_400_000_000L);
  }

  @Test
  void declaresTheBytesThatItWrites() throws IOException {
    SyntheticModel model = SyntheticModel.small(GgmlType.Q4_K);
    Path file = model.write(folder.resolve("model.gguf"));
    try (GgufFile read = GgufFile.open(file)) {
      assertThat(read.tensors().stream().mapToLong(GgufTensor::byteSize).sum())
          .isEqualTo(model.bytes());
    }
  }

  @Test
  void isTheSameEveryTime() throws IOException {
    Path one = SyntheticModel.small(GgmlType.Q4_K).write(folder.resolve("one.gguf"));
    Path two = SyntheticModel.small(GgmlType.Q4_K).write(folder.resolve("two.gguf"));
    assertThat(Files.mismatch(one, two)).isEqualTo(-1);
  }
}
