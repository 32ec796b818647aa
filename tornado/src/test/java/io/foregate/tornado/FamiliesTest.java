package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.KvType;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.CpuBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Every family on the device beside the processor, fed the same tokens: past sliding windows and
 * original contexts, a token at a time and in batches.
 */
class FamiliesTest {
  private static final int POSITIONS = 72;
  private static final int CONTEXT = 80;
  private static final int BATCH = 24;
  private static final double TOLERANCE = 2e-3;

  /** Weights of experts, one after the other; the ids come with them. */
  private record Routes(List<int[]> ids, List<float[]> weights) {}

  private final Routes routes = new Routes(new ArrayList<>(), new ArrayList<>());
  private KvType kvType = KvType.F16;
  private TinyFamily tiny;
  private int picks;
  private int flips;

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3", "olmoe", "granitemoe", "phimoe", "gpt-oss"})
  void attention(String architecture) {
    compare(TinyFamily.dense(architecture, CONTEXT));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"llama", "qwen2moe", "qwen3moe", "olmoe", "granitemoe", "phimoe", "gpt-oss"})
  void experts(String architecture) {
    compare(TinyFamily.routed(architecture, CONTEXT));
    assertThat(flips).as("of %d picks", picks).isLessThan(picks / 50);
  }

  /** Grouped queries, keys longer than values; sinks and windows; norms of queries and keys. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt-oss", "qwen3"})
  void attentionOverACacheOfFloats(String architecture) {
    kvType = KvType.F32;
    compare(TinyFamily.dense(architecture, CONTEXT));
  }

  private void compare(TinyFamily family) {
    tiny = family;
    List<float[]> expected;
    try (BackendModel cpu = new CpuBackend().open(tiny.config(), tiny.weights(), 2)) {
      expected = run(cpu, 1, true);
    }
    try (BackendModel device =
        new TornadoModel(tiny.config(), tiny.weights(), 1L << 32, 1L << 32)) {
      requireSame("alone", expected, run(device, 1, false));
      requireSame("in a batch", expected, run(device, BATCH, false));
    }
  }

  private static void requireSame(String how, List<float[]> expected, List<float[]> found) {
    for (int t = 0; t < POSITIONS; t++) {
      double[] exact = TestMatrix.doubles(expected.get(t));
      assertThat(TestMatrix.error(exact, FloatArray.fromArray(found.get(t))))
          .as("logits after token %d, %s", t, how)
          .isLessThan(TOLERANCE);
    }
  }

  private List<float[]> run(BackendModel model, int batch, boolean record) {
    int vocabulary = tiny.config().vocabulary();
    int[] tokens = new int[POSITIONS];
    for (int t = 0; t < POSITIONS; t++) {
      tokens[t] = (7 * t * t + 3) % vocabulary;
    }
    List<float[]> logits = new ArrayList<>();
    try (Sequence sequence = model.newSequence(CONTEXT, kvType)) {
      for (int from = 0; from < POSITIONS; from += batch) {
        sequence.embed(tokens, from, from + batch, from);
        for (int layer = 0; layer < tiny.config().layers(); layer++) {
          sequence.attention(layer);
          if (tiny.config().isMoe()) {
            runExperts(model, sequence, layer, from, record);
          } else {
            sequence.feedForward(layer);
          }
        }
        for (int t = 0; t < batch; t++) {
          float[] out = new float[vocabulary];
          sequence.logits(t, t + 1, out);
          logits.add(out);
        }
      }
    }
    return logits;
  }

  private void runExperts(
      BackendModel model, Sequence sequence, int layer, int position, boolean record) {
    ExpertMemory memory = model.residentExperts();
    Routing routing = sequence.route(layer);
    int used = routing.used();
    if (record) {
      routes.ids().add(Arrays.copyOf(routing.ids(), used));
      routes.weights().add(Arrays.copyOf(routing.weights(), used));
    } else {
      for (int t = 0; t < routing.tokens(); t++) {
        follow(routing, t, (position + t) * tiny.config().layers() + layer);
      }
    }
    int[] ids = Arrays.stream(routing.ids(), 0, routing.tokens() * used).distinct().toArray();
    int[] places = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      places[i] = layer * routing.experts() + ids[i];
    }
    sequence.runShared(layer);
    sequence.runExperts(layer, memory, ids, places, ids.length);
    sequence.combineExperts(layer);
  }

  /**
   * The device takes the processor's routes, which must be its own but for near-ties: a flip would
   * hide what is compared here.
   */
  private void follow(Routing routing, int token, int recorded) {
    int used = routing.used();
    int[] ids = routes.ids().get(recorded);
    float[] weights = routes.weights().get(recorded);
    for (int rank = 0; rank < used; rank++) {
      int at = token * used + rank;
      picks++;
      if (routing.ids()[at] == ids[rank]) {
        assertThat(routing.weights()[at]).isCloseTo(weights[rank], within(2e-2f));
      } else {
        flips++;
      }
      routing.ids()[at] = ids[rank];
      routing.weights()[at] = weights[rank];
    }
  }
}
