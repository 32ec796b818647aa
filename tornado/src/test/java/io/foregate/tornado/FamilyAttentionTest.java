package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.KvType;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.CpuBackend;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Every family's attention on the device beside the processor's, fed the same tokens: past sliding
 * windows and original contexts, a token at a time and in batches.
 */
class FamilyAttentionTest {
  private static final int POSITIONS = 72;
  private static final int CONTEXT = 80;
  private static final int BATCH = 24;
  private static final double TOLERANCE = 2e-3;

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3", "olmoe", "granitemoe", "phimoe", "gpt-oss"})
  void computesWhatTheProcessorComputes(String architecture) {
    TinyFamily tiny = TinyFamily.of(architecture, CONTEXT);
    List<float[]> expected;
    try (BackendModel cpu = new CpuBackend().open(tiny.config(), tiny.weights(), 2)) {
      expected = run(tiny, cpu, 1);
    }
    try (BackendModel device =
        new TornadoModel(tiny.config(), tiny.weights(), 1L << 32, 1L << 32)) {
      compare("alone", expected, run(tiny, device, 1));
      compare("in a batch", expected, run(tiny, device, BATCH));
    }
  }

  private static void compare(String how, List<float[]> expected, List<float[]> found) {
    for (int t = 0; t < POSITIONS; t++) {
      double[] exact = TestMatrix.doubles(expected.get(t));
      assertThat(TestMatrix.error(exact, FloatArray.fromArray(found.get(t))))
          .as("logits after token %d, %s", t, how)
          .isLessThan(TOLERANCE);
    }
  }

  private static List<float[]> run(TinyFamily tiny, BackendModel model, int batch) {
    int vocabulary = tiny.config().vocabulary();
    int[] tokens = new int[POSITIONS];
    for (int t = 0; t < POSITIONS; t++) {
      tokens[t] = (7 * t * t + 3) % vocabulary;
    }
    List<float[]> logits = new ArrayList<>();
    try (Sequence sequence = model.newSequence(CONTEXT, KvType.F16)) {
      for (int from = 0; from < POSITIONS; from += batch) {
        sequence.embed(tokens, from, from + batch, from);
        for (int layer = 0; layer < tiny.config().layers(); layer++) {
          sequence.attention(layer);
          sequence.feedForward(layer);
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
}
