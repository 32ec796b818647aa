package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.gguf.GgmlType;
import io.foregate.model.AttentionConfig;
import io.foregate.model.Families;
import io.foregate.model.ModelConfig;
import io.foregate.model.MoeConfig;
import io.foregate.model.RopeConfig;
import io.foregate.model.RopeStyle;
import io.foregate.model.RouterConfig;
import io.foregate.model.RouterScore;
import io.foregate.model.Scales;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.model.weights.Norm;
import io.foregate.options.KvType;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PackedLayers;
import io.foregate.store.layout.PlaneLayout;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.kernels.TestMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Models of random weights whose layers differ in their types, as K-quant mixes do, so that each
 * has graphs of its own: on the device and on the CPU, dense and with experts.
 */
class MixedLayersTest {
  private static final int WIDTH = 256;
  private static final int HIDDEN = 512;
  private static final int HEADS = 4;
  private static final int KV_HEADS = 2;
  private static final int HEAD = 64;
  private static final int VOCABULARY = 50;
  private static final int TOKENS = 5;
  private static final int EXPERTS = 4;

  /**
   * Of each layer: attention, gate and up, down. BF16 and codebooks have no planes: they become
   * floats in attention, f16 in dense feed-forward networks, and the CPU computes experts of which
   * any matrix is of such a type.
   */
  private static final GgmlType[][] TYPES = {
    {GgmlType.Q4_K, GgmlType.IQ3_S, GgmlType.Q4_K},
    {GgmlType.Q4_K, GgmlType.Q4_K, GgmlType.Q6_K},
    {GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0},
    {GgmlType.Q4_K, GgmlType.Q4_K, GgmlType.Q6_K},
    {GgmlType.IQ3_S, GgmlType.IQ2_XS, GgmlType.IQ3_S},
    {GgmlType.Q5_K, GgmlType.Q3_K, GgmlType.F16}
  };

  private final Random random = new Random(11);

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  @ParameterizedTest(name = "{0} experts, {1} of a token on the CPU")
  @CsvSource({"0, 0", "4, 0", "4, 1", "4, 2"})
  void computesWhatTheProcessorComputes(int experts, int onHost) {
    ModelConfig config = config(experts);
    ModelWeights weights = weights(experts);
    List<float[]> expected;
    List<float[]> found;
    List<int[]> routes = new ArrayList<>();
    try (BackendModel cpu = new CpuBackend().open(config, weights, 2)) {
      expected = run(config, weights, cpu, routes, true, 0);
    }
    try (BackendModel device = new TornadoModel(config, weights, 1L << 32, 1L << 32)) {
      found = run(config, weights, device, routes, false, onHost);
    }
    for (int t = 0; t < TOKENS; t++) {
      double[] exact = TestMatrix.doubles(expected.get(t));
      assertThat(TestMatrix.error(exact, FloatArray.fromArray(found.get(t))))
          .as("logits after token %d", t)
          .isLessThan(5e-2); // eight roundings to 8 bits, one upon the other
    }
  }

  /** The experts as a store has them. */
  private static ExpertRecords records(ModelWeights weights, PackedLayers packed) {
    var layout = new PlaneLayout();
    return (layer, expert) -> {
      ExpertShape shape = packed.shapes().get(layer);
      LayerWeights of = weights.layers().get(packed.layers().get(layer).model());
      var routed = (FeedForward.Routed) of.feedForward();
      MemorySegment record =
          Arena.ofAuto().allocate(layout.recordBytes(shape), PlaneLayout.ALIGNMENT);
      layout.pack(shape, ExpertWeights.of(routed.experts(), expert), record);
      return record;
    };
  }

  /**
   * Feeds some tokens. The device takes the CPU's routes: on random weights near-ties are many, and
   * a flip would hide what is compared here.
   */
  private static List<float[]> run(
      ModelConfig config,
      ModelWeights weights,
      BackendModel model,
      List<int[]> routes,
      boolean record,
      int onHost) {
    PackedLayers packed = PackedLayers.of(weights.layers(), model.expertLayout());
    List<float[]> logits = new ArrayList<>();
    try (Sequence sequence = model.newSequence(8, KvType.F16)) {
      ExpertMemory memory = config.isMoe() ? model.residentExperts() : null;
      ExpertMemory host = onHost > 0 ? model.hostExperts(records(weights, packed)) : null;
      for (int t = 0; t < TOKENS; t++) {
        sequence.embed(new int[] {7 * t + 3}, 0, 1, t);
        for (int layer = 0; layer < config.layers(); layer++) {
          sequence.attention(layer);
          if (!config.isMoe()) {
            sequence.feedForward(layer);
            continue;
          }
          Routing routing = sequence.route(layer);
          int used = config.expertsUsed();
          if (record) {
            routes.add(Arrays.copyOf(routing.ids(), used));
          } else {
            int[] route = routes.get(t * config.layers() + layer);
            System.arraycopy(route, 0, routing.ids(), 0, used);
          }
          Arrays.fill(routing.weights(), 1f / used);
          int[] ids = Arrays.copyOf(routing.ids(), used);
          if (!packed.at(layer).isPacked()) {
            runSome(sequence, layer, layer, model.unpackedExperts(), ids, 0, used);
            sequence.combineExperts(layer);
            continue;
          }
          int counted = packed.at(layer).packed();
          // Now the CPU runs its experts first, now last.
          boolean hostFirst = t % 2 == 0;
          if (hostFirst) {
            runSome(sequence, layer, layer, host, ids, 0, onHost);
          }
          runSome(sequence, layer, counted, memory, ids, onHost, used);
          if (!hostFirst) {
            runSome(sequence, layer, layer, host, ids, 0, onHost);
          }
          sequence.combineExperts(layer);
        }
        float[] out = new float[config.vocabulary()];
        sequence.logits(0, 1, out);
        logits.add(out);
      }
    }
    return logits;
  }

  /**
   * @param counted the layer's number in that memory
   */
  private static void runSome(
      Sequence sequence, int layer, int counted, ExpertMemory memory, int[] ids, int from, int to) {
    if (to > from) {
      int[] some = Arrays.copyOfRange(ids, from, to);
      int[] places = Arrays.stream(some).map(id -> counted * EXPERTS + id).toArray();
      sequence.runExperts(layer, memory, some, places, to - from);
    }
  }

  private static ModelConfig config(int experts) {
    return new ModelConfig(
        "random",
        Families.of("llama", "random"),
        TYPES.length,
        WIDTH,
        AttentionConfig.of(HEADS, KV_HEADS, HEAD),
        HIDDEN,
        new MoeConfig(
            experts, experts / 2, HIDDEN, 0, 0, RouterConfig.of(RouterScore.SOFTMAX, true)),
        VOCABULARY,
        64,
        1e-5f,
        new RopeConfig(RopeStyle.NEOX, HEAD, 10_000f, 1f, new float[0]),
        Scales.NONE);
  }

  private ModelWeights weights(int experts) {
    List<LayerWeights> layers = new ArrayList<>();
    for (GgmlType[] types : TYPES) {
      layers.add(
          new LayerWeights(
              norm(),
              AttentionWeights.Grouped.of(
                  matrix(types[0], HEADS * HEAD, WIDTH),
                  matrix(types[0], KV_HEADS * HEAD, WIDTH),
                  matrix(types[0], KV_HEADS * HEAD, WIDTH),
                  matrix(types[0], WIDTH, HEADS * HEAD)),
              norm(),
              experts == 0 ? dense(types) : routed(types, experts)));
    }
    Matrix embedding = matrix(GgmlType.Q8_0, VOCABULARY, WIDTH);
    Matrix output = matrix(GgmlType.Q6_K, VOCABULARY, WIDTH);
    return new ModelWeights(embedding, layers, norm(), Linear.of(output));
  }

  private FeedForward dense(GgmlType[] types) {
    return new FeedForward.Dense(
        matrix(types[1], HIDDEN, WIDTH),
        matrix(types[1], HIDDEN, WIDTH),
        matrix(types[2], WIDTH, HIDDEN));
  }

  private FeedForward routed(GgmlType[] types, int experts) {
    return FeedForward.Routed.of(
        matrix(GgmlType.F32, experts, WIDTH),
        new ExpertTensors(
            stack(types[1], experts, HIDDEN, WIDTH),
            stack(types[1], experts, HIDDEN, WIDTH),
            stack(types[2], experts, WIDTH, HIDDEN)));
  }

  private List<Matrix> stack(GgmlType type, int experts, int rows, int columns) {
    List<Matrix> stack = new ArrayList<>();
    for (int e = 0; e < experts; e++) {
      stack.add(matrix(type, rows, columns));
    }
    return stack;
  }

  private Matrix matrix(GgmlType type, int rows, int columns) {
    float scale = (float) (1 / Math.sqrt(columns));
    boolean codebook = type == GgmlType.IQ3_S || type == GgmlType.IQ2_XS;
    return (codebook
            ? TestMatrix.codebook(type, rows, columns, scale, random)
            : TestMatrix.random(type, rows, columns, scale, random))
        .matrix();
  }

  private Norm norm() {
    float[] norm = TestMatrix.floats(WIDTH, random);
    for (int i = 0; i < WIDTH; i++) {
      norm[i] = 1 + 0.1f * norm[i];
    }
    return Norm.of(norm);
  }
}
