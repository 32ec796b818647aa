package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DenseFolderTest {
  @TempDir private Path folder;

  @Test
  void becomesAModelOfOneTypeThatRuns() throws IOException {
    Path floats = DenseFolder.small().write(folder.resolve("floats"));
    Path file = RetypedModel.write(floats, GgmlType.Q4_0, folder.resolve("small.gguf"));
    try (GgufFile model = GgufFile.open(file)) {
      for (GgufTensor tensor : model.tensors()) {
        assertThat(tensor.type())
            .isEqualTo(tensor.shape().size() == 1 ? GgmlType.F32 : GgmlType.Q4_0);
      }
    }
    try (var engine = new TimedForegate(file, 1, 8)) {
      engine.feed(new int[] {1, 300, 17}, 0, 3);
      for (float logit : engine.logits()) {
        assertThat(logit).isFinite();
      }
    }
  }
}
