package io.foregate.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the small model: two layers of eight experts, two of them used, 256 wide, in F16. */
class TokenBytesTest {
  private static final long ATTENTION = 2 * (2 * 256 * 256 + 2 * 256 * 128);
  private static final long ROUTER = 4 * 256 * 8;
  private static final long NORMS = 4 * 2 * 256;
  private static final long USED_EXPERTS = 2 * 2 * 3 * 256 * 256;
  private static final long LAYERS = 2 * (ATTENTION + ROUTER + NORMS + USED_EXPERTS);
  private static final long OUTPUT = 2 * 256 * 1024 + 4 * 256;
  private static final long EMBEDDING_ROW = 256 / 32 * 34; // Q8_0

  @TempDir private Path folder;

  @Test
  void areDenseWeightsAndUsedExperts() throws IOException {
    try (GgufFile file = open()) {
      ModelConfig config = ModelConfigReader.read(file);
      assertThat(TokenBytes.of(file.tensors(), config, 512))
          .isEqualTo(new TokenBytes(LAYERS + OUTPUT + EMBEDDING_ROW, 512));
    }
  }

  @Test
  void anEmbeddingThatIsTheOutputTooIsReadWhole() throws IOException {
    try (GgufFile file = open()) {
      ModelConfig config = ModelConfigReader.read(file);
      List<GgufTensor> tied =
          file.tensors().stream().filter(t -> !t.name().equals("output.weight")).toList();
      assertThat(TokenBytes.of(tied, config, 0).weights())
          .isEqualTo(LAYERS + 4 * 256 + 1024 * EMBEDDING_ROW);
    }
  }

  @Test
  void aTokenReadsThePositionsBeforeIt() {
    var bytes = new TokenBytes(1000, 10);
    assertThat(bytes.average(TimedFeed.decode(1, 0))).isEqualTo(1010);
    assertThat(bytes.average(TimedFeed.decode(3, 0))).isEqualTo(1020);
    assertThat(bytes.average(TimedFeed.decode(3, 100))).isEqualTo(2020);
  }

  private GgufFile open() {
    return GgufFile.open(SyntheticModel.small(GgmlType.F16).write(folder.resolve("model.gguf")));
  }
}
