package io.foregate.gate.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.cli.TinyGguf;
import io.foregate.error.ForegateException;
import io.foregate.gate.GateShape;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.MoeConfig;
import io.foregate.model.reader.ModelConfigReader;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gates of models with absurdly many experts, each number of which may be right by itself. */
class GateSizesTest {
  @TempDir private Path folder;
  private ModelConfig tiny;

  @BeforeEach
  void read() {
    try (GgufFile file = GgufFile.open(TinyGguf.mixture().write(folder.resolve("tiny.gguf")))) {
      tiny = ModelConfigReader.read(file);
    }
  }

  private ModelConfig with(int layers, int experts, int embedding) {
    MoeConfig m = tiny.moe();
    return new ModelConfig(
        tiny.name(),
        tiny.family(),
        layers,
        embedding,
        tiny.attention(),
        tiny.feedForward(),
        new MoeConfig(
            experts,
            m.used(),
            m.feedForward(),
            m.sharedFeedForward(),
            m.leadingDense(),
            m.router()),
        tiny.vocabulary(),
        tiny.contextLength(),
        tiny.normEpsilon(),
        tiny.rope(),
        tiny.scales());
  }

  private void refuses(ModelConfig config, int horizon, int hidden) {
    assertThatThrownBy(() -> GateShape.of(config, horizon, hidden))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e)
                  .hasMessageContainingAll(
                      "%d of %d layers ahead".formatted(horizon, config.layers()),
                      "at most 2,147,483,639 can be");
              assertThat(e.hint()).isNotEmpty();
            });
  }

  @Test
  void refusesWeightsThatNoArrayHolds() {
    refuses(with(64, 8192, 64), 8, 0); // the history: 64 * 8192 * 8 * 8192
    refuses(with(2, 65_536, 65_536), 1, 0); // the residual: 2^16 * 2^17
    refuses(with(2, 8, 1 << 20), 1, 1 << 16); // the hidden layer
    refuses(with(1 << 20, 1 << 16, 1 << 20), 1 << 19, 1 << 16); // beyond a long, too
  }

  @Test
  void takesGatesOfTheLargestModels() {
    GateShape shape = GateShape.of(with(94, 512, 8192), 8, 256);
    assertThat(PointParameters.size(shape, 0)).isEqualTo(16_385 * 4352 + (94 * 512 + 256) * 4096);
  }

  /** A chunk of text as long as a context may be. */
  @Test
  void refusesAChunkThatNoArrayHolds() {
    GateShape shape = GateShape.of(with(94, 512, 64), 8, 0);
    assertThatThrownBy(() -> new GateSamples(shape, 1 << 20).close())
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e).hasMessageContainingAll("1048576 tokens", "94 layers of 512 experts");
              assertThat(e.hint()).contains("context");
            });
  }
}
