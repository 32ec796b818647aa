package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.Routing;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Experts that the CPU computes for a device: with any threads, alone or in a batch, one result.
 */
class HostExpertsTest {
  private static final int TOKENS = 5;
  private static final int LAYER = 1;

  @TempDir Path folder;

  @Test
  void neitherThreadsNorTheBatchChangeABit() throws IOException {
    TinyModel tiny = TinyModel.mixture("host-experts", GgmlType.Q4_K);
    try (GgufFile file = GgufFile.open(TinyModelWriter.write(tiny, folder))) {
      ModelConfig config = ModelConfigReader.read(file);
      ModelWeights weights = ModelReader.read(file, config);
      float[] normed = normed(config);
      int[] ids = ids(config);
      List<float[]> alone = new ArrayList<>();
      try (var experts = new HostExperts(config, weights, 1)) {
        for (int t = 0; t < TOKENS; t++) {
          alone.addAll(run(config, experts, normed, ids, t, t + 1));
        }
      }
      List<Thread> before = workers();
      try (var experts = new HostExperts(config, weights, 3)) {
        List<Thread> mine = workers().stream().filter(t -> !before.contains(t)).toList();
        assertThat(mine).as("threads beside the caller's").hasSize(2);
        assertThat(run(config, experts, normed, ids, 0, TOKENS))
            .usingElementComparator(Arrays::compare)
            .containsExactlyElementsOf(alone);
      }
      assertThat(workers()).isSubsetOf(before);
    }
  }

  private static List<Thread> workers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("foregate-worker-"))
        .toList();
  }

  private static float[] normed(ModelConfig config) {
    var random = new Random(7);
    var normed = new float[TOKENS * config.embedding()];
    for (int i = 0; i < normed.length; i++) {
      normed[i] = (float) random.nextGaussian();
    }
    return normed;
  }

  /** Each token's experts, some of which several tokens share. */
  private static int[] ids(ModelConfig config) {
    return IntStream.range(0, TOKENS * config.expertsUsed())
        .map(pick -> (pick / config.expertsUsed() / 2 + pick) % config.experts())
        .toArray();
  }

  /** The outputs of all picks of some tokens. */
  private static List<float[]> run(
      ModelConfig config, HostExperts experts, float[] normed, int[] ids, int from, int to) {
    int used = config.expertsUsed();
    var routing = new Routing(to - from, config.experts(), used);
    routing.setTokens(to - from);
    System.arraycopy(ids, from * used, routing.ids(), 0, (to - from) * used);
    float[] input = experts.begin(LAYER, routing);
    int width = config.embedding();
    System.arraycopy(normed, from * width, input, 0, (to - from) * width);
    int[] chosen = Arrays.stream(ids, from * used, to * used).distinct().toArray();
    int first = config.routedLayer(LAYER) * config.experts();
    int[] places = Arrays.stream(chosen).map(id -> first + id).toArray();
    experts.run(chosen, places, chosen.length);
    List<float[]> outputs = new ArrayList<>();
    for (int pick = 0; pick < (to - from) * used; pick++) {
      var out = new float[width];
      experts.output(pick, out);
      outputs.add(out);
    }
    return outputs;
  }
}
