package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.Routing;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.ModelWeights;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PackedLayers;
import io.foregate.store.layout.PlaneLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Experts that the CPU computes for a device: with any threads, alone or in a batch, from the file
 * or from a device's records, one result.
 */
class HostExpertsTest {
  private static final int TOKENS = 5;
  private static final int LAYER = 1;
  private static final ExpertLayout LAYOUT = new PlaneLayout();

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
      try (var experts = HostExperts.ofFile(config, weights, 1)) {
        for (int t = 0; t < TOKENS; t++) {
          alone.addAll(run(config, experts, normed, ids, t, t + 1));
        }
      }
      List<Thread> before = workers();
      try (var experts = HostExperts.ofFile(config, weights, 3)) {
        List<Thread> mine = workers().stream().filter(t -> !before.contains(t)).toList();
        assertThat(mine).as("threads beside the caller's").hasSize(2);
        assertThat(run(config, experts, normed, ids, 0, TOKENS))
            .usingElementComparator(Arrays::compare)
            .containsExactlyElementsOf(alone);
      }
      assertThat(workers()).isSubsetOf(before);
    }
  }

  static Stream<Arguments> types() {
    return Stream.of(GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.Q8_0, GgmlType.F16, GgmlType.IQ2_XS)
        .flatMap(type -> Stream.of(Arguments.of(type, true), Arguments.of(type, false)));
  }

  /**
   * @param stay whether all records are in memory, or there is memory for one
   */
  @ParameterizedTest
  @MethodSource("types")
  void recordsInPlanesGiveTheBitsOfTheFile(GgmlType type, boolean stay) throws IOException {
    TinyModel tiny = TinyModel.mixture("host-records", type);
    try (GgufFile file = GgufFile.open(TinyModelWriter.write(tiny, folder));
        Arena arena = Arena.ofShared()) {
      ModelConfig config = ModelConfigReader.read(file);
      ModelWeights weights = ModelReader.read(file, config);
      float[] normed = normed(config);
      int[] ids = ids(config);
      List<float[]> expected;
      try (var experts = HostExperts.ofFile(config, weights, 2)) {
        expected = run(config, experts, normed, ids, 0, TOKENS);
      }
      var records = new PlaneRecords(weights, arena, stay);
      try (var experts = HostExperts.ofRecords(config, weights, LAYOUT, records, 2)) {
        assertThat(experts.count()).isEqualTo(config.routedLayers() * config.experts());
        assertThat(run(config, experts, normed, ids, 0, TOKENS))
            .usingElementComparator(Arrays::compare)
            .containsExactlyElementsOf(expected);
      }
      assertThat(records.asked > 0).isEqualTo(LAYOUT.holds(type, config.embedding()));
    }
  }

  /** What a device's store has. */
  private static final class PlaneRecords implements ExpertRecords {
    private final PackedLayers packed;
    private final ModelWeights weights;
    private final Arena arena;
    private final boolean stay;
    private MemorySegment last = MemorySegment.NULL;
    private int asked;

    PlaneRecords(ModelWeights weights, Arena arena, boolean stay) {
      this.packed = PackedLayers.of(weights.layers(), LAYOUT);
      this.weights = weights;
      this.arena = arena;
      this.stay = stay;
    }

    @Override
    public MemorySegment record(int layer, int expert) {
      asked++;
      ExpertShape shape = packed.shapes().get(layer);
      if (stay || last.byteSize() < LAYOUT.recordBytes(shape)) {
        last = arena.allocate(LAYOUT.recordBytes(shape), ExpertLayout.ALIGNMENT);
      }
      LayerWeights of = weights.layers().get(packed.layers().get(layer).model());
      var experts = ((FeedForward.Routed) of.feedForward()).experts();
      LAYOUT.pack(shape, ExpertWeights.of(experts, expert), last);
      return last.asSlice(0, LAYOUT.recordBytes(shape));
    }

    @Override
    public boolean stay() {
      return stay;
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
