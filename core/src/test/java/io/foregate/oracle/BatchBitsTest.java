package io.foregate.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.vector.VectorProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What comes out for a token has the same bits whatever batch it is fed in, and with any number of
 * threads: batching, drafting, sessions and reused prefixes are exact by that. It holds where
 * machine code computes the products.
 */
class BatchBitsTest {
  /** More than a tile of the cache, so that a batch's tokens begin in different ones. */
  private static final int POSITIONS = 70;

  @TempDir static Path folder;

  static Stream<TinyModel> models() {
    return TinyModels.all().stream();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aTokenDoesNotDependOnItsBatch(TinyModel tiny) throws IOException {
    assumeThat(VectorProvider.get().reason()).startsWith("assembled");
    try (GgufFile file = GgufFile.open(TinyModelWriter.write(tiny, folder))) {
      ModelConfig config = ModelConfigReader.read(file);
      ModelWeights weights = ModelReader.read(file, config);
      assumeThat(file.tensors().stream().map(GgufTensor::type))
          .allMatch(RowProducts.types()::contains);
      List<float[]> alone = feed(config, weights, 1, 1);
      for (int batch : new int[] {2, 3, 8, 33, POSITIONS}) {
        assertThat(feed(config, weights, 1 + batch % 3, batch))
            .as("batches of %d", batch)
            .usingElementComparator(Arrays::compare)
            .containsExactlyElementsOf(alone);
      }
    }
  }

  /** The logits of each position. */
  private static List<float[]> feed(
      ModelConfig config, ModelWeights weights, int threads, int batch) {
    int vocabulary = config.vocabulary();
    int[] tokens = IntStream.range(0, POSITIONS).map(t -> (7 * t * t + 3) % vocabulary).toArray();
    List<float[]> logits = new ArrayList<>();
    try (BackendModel model = new CpuBackend().open(config, weights, threads);
        Sequence sequence = model.newSequence(POSITIONS, KvType.F16)) {
      for (int from = 0; from < POSITIONS; from += batch) {
        int to = Math.min(POSITIONS, from + batch);
        sequence.embed(tokens, from, to, from);
        for (int layer = 0; layer < config.layers(); layer++) {
          sequence.attention(layer);
          feedForward(config, model, sequence, layer);
        }
        for (int t = 0; t < to - from; t++) {
          float[] out = new float[vocabulary];
          sequence.logits(t, t + 1, out);
          logits.add(out);
        }
      }
    }
    return logits;
  }

  private static void feedForward(
      ModelConfig config, BackendModel model, Sequence sequence, int layer) {
    if (!config.isRouted(layer)) {
      sequence.feedForward(layer);
      return;
    }
    Routing routing = sequence.route(layer);
    int picks = routing.tokens() * routing.used();
    int[] ids = Arrays.stream(routing.ids(), 0, picks).distinct().toArray();
    int first = config.routedLayer(layer) * config.experts();
    int[] places = Arrays.stream(ids).map(id -> first + id).toArray();
    sequence.runShared(layer);
    sequence.runExperts(layer, model.residentExperts(), ids, places, ids.length);
    sequence.combineExperts(layer);
  }
}
