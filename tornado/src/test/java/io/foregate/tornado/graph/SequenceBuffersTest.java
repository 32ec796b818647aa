package io.foregate.tornado.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.options.KvType;
import io.foregate.placement.ModelSizes;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.products.KernelSet;
import io.foregate.tornado.products.MatMulVariant;
import io.foregate.tornado.products.MatVecVariant;
import io.foregate.tornado.weights.GateSizes;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A sequence's arrays take no more than the budget of a device has for them. */
class SequenceBuffersTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");

  @ParameterizedTest
  @ValueSource(ints = {1, 40, 512})
  void arraysKeepToTheBudget(int context) {
    TornadoSettings.apply();
    try (GgufFile file = GgufFile.open(DEMO)) {
      ModelConfig config = ModelConfigReader.read(file);
      var sizes = ModelSizes.of(config, 0);
      long budget = sizes.kvCache(context, KvType.F16) + sizes.scratch(context);
      for (MatVecVariant token : MatVecVariant.values()) {
        for (MatMulVariant batch : MatMulVariant.values()) {
          var buffers =
              new SequenceBuffers(
                  config,
                  new CacheShape(context, KvType.F16),
                  new KernelSet(token, batch),
                  new GateSizes(0, 0, 0));
          long kept =
              Arrays.stream(buffers.kept())
                  .mapToLong(array -> ((TornadoNativeArray) array).getNumBytesOfSegment())
                  .sum();
          assertThat(kept + 4L * config.vocabulary())
              .as("%s, %s", token, batch)
              .isLessThanOrEqualTo(budget);
        }
      }
    }
  }
}
