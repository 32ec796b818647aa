package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.Sequence;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.tornado.copy.CopyChoice;
import io.foregate.tornado.copy.DeviceMemory;
import io.foregate.tornado.device.DeviceThread;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.graph.CacheShape;
import io.foregate.tornado.graph.SequencePlan;
import io.foregate.tornado.products.KernelSet;
import io.foregate.tornado.weights.DenseWeights;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** CUDA graphs where there are none. */
class CudaGraphsTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final long GIB = 1L << 30;

  @Test
  void whereTheyCannotBeCapturedGraphsRunAsTheyAre() {
    TornadoSettings.apply();
    try (GgufFile file = GgufFile.open(DEMO)) {
      ModelConfig config = ModelConfigReader.read(file);
      ModelWeights weights = ModelReader.read(file, config);
      float[] expected = logits(config, weights, false);
      assertThat(expected).doesNotContain(Float.NaN);
      assertThat(logits(config, weights, true)).containsExactly(expected);
    }
  }

  /** After one token, before any expert. */
  private static float[] logits(ModelConfig config, ModelWeights weights, boolean cudaGraphs) {
    float[] out = new float[config.vocabulary()];
    try (var model = new TornadoModel(config, weights, 1, GIB, GIB, cudaGraphs, CopyChoice::open);
        Sequence sequence = model.newSequence(16, KvType.F16)) {
      sequence.embed(new int[] {5}, 0, 1, 0);
      sequence.attention(0);
      sequence.logits(0, 1, out);
    }
    return out;
  }

  @Test
  void graphsThatRepeatAreFoundToDoSo() {
    TornadoSettings.apply();
    try (GgufFile file = GgufFile.open(DEMO);
        var compute = new DeviceThread("test-compute")) {
      ModelConfig config = ModelConfigReader.read(file);
      ModelWeights weights = ModelReader.read(file, config);
      DenseWeights dense = DenseWeights.of(config, weights);
      try (var memory = new DeviceMemory(dense.arrays(), 1, true, compute)) {
        compute.run(() -> assertThat(plan(config, weights, dense, memory).repeats()).isTrue());
      }
    }
  }

  private static SequencePlan plan(
      ModelConfig config, ModelWeights weights, DenseWeights dense, DeviceMemory memory) {
    return new SequencePlan(
        config, weights, dense, memory, KernelSet.PORTABLE, new CacheShape(16, KvType.F16), false);
  }
}
