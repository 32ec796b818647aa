package io.foregate.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.foregate.cli.TinyGguf;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.quant.format.Quants;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LookaheadGatesTest {
  @TempDir private Path folder;
  private GgufFile file;
  private ModelConfig config;
  private ModelWeights weights;

  @BeforeEach
  void open() {
    file = GgufFile.open(TinyGguf.mixture().write(folder.resolve("tiny.gguf")));
    config = ModelConfigReader.read(file);
    weights = ModelReader.read(file, config);
  }

  @AfterEach
  void close() {
    file.close();
  }

  @Test
  void untrainedGatesAreTheNextLayersRouterOnThisLayersInput() {
    ExpertPredictor predictor =
        LookaheadGates.untrained(config, weights, 1).predictor(config, weights);
    float[] x = gaussian(3, config.embedding());
    float[] expected = router(1, x);
    TopK.probabilities(expected, 0, expected.length, config.expertsUsed(), 8);
    var found = new float[config.experts()];
    predictor.predict(0, x, found);
    assertThat(found).containsExactly(expected, within(2e-3f));
  }

  @Test
  void untrainedGatesSayHowFrequentExpertsAreBeforeATokensFirstLayer() {
    ExpertPredictor predictor =
        LookaheadGates.untrained(config, weights, 1).predictor(config, weights);
    float[] x = gaussian(5, config.embedding());
    var found = new float[config.experts()];
    predictor.predictToken(5, found);
    assertThat(found).containsOnly(config.expertsUsed() / (float) config.experts());
    predictor.predict(1, x, found);
    assertThat(found).containsOnly(config.expertsUsed() / (float) config.experts());
    predictor.observe(0, new int[] {2, 3}, 0, 2);
    predictor.predict(1, x, found);
    assertThat(found[2]).isEqualTo(found[3]).isGreaterThan(found[0]);
    var ofToken = new float[config.experts()];
    predictor.predictToken(5, ofToken);
    assertThat(ofToken).isEqualTo(found);
  }

  @Test
  void aTokensGateReadsItsNormalizedEmbedding() {
    var x = new float[config.embedding()];
    Matrix table = weights.embedding();
    Quants.decode(table.type(), table.data(), 5 * table.rowBytes(), x, 0, x.length);
    double square = 0;
    for (float v : x) {
      square += (double) v * v;
    }
    for (int i = 0; i < x.length; i++) {
      x[i] /= (float) Math.sqrt(square / x.length + config.normEpsilon());
    }
    var found = new float[x.length];
    new TokenInput(table, config.normEpsilon()).read(5, found);
    assertThat(found).containsExactly(x, within(1e-5f));
  }

  @Test
  void alignedGatesFollowTheirFormula() {
    GateShape shape = GateShape.of(config, 1, 7);
    LookaheadGates gates = random(shape);
    ExpertPredictor predictor = gates.predictor(config, weights);
    predictor.observe(1, new int[] {3, 0}, 0, 2); // of the token before
    predictor.observe(0, new int[] {1, 2}, 0, 2);
    float[] x = gaussian(4, shape.embedding());
    GateWeights w = gates.point(1);
    float[] expected = withoutHistory(w, shape, x);
    for (int o = 0; o < expected.length; o++) {
      expected[o] =
          expected[o]
              + history(w, shape, 1, o)
              + history(w, shape, 2, o) / 2
              + history(w, shape, shape.experts() + 3, o)
              + history(w, shape, shape.experts(), o) / 2;
    }
    TopK.probabilities(expected, 0, expected.length, shape.used(), w.sharpness()[0]);
    var found = new float[shape.outputs()];
    predictor.predict(0, x, found);
    assertThat(found).containsExactly(expected, within(5e-3f));

    predictor.reset();
    var without = new float[shape.outputs()];
    predictor.predict(0, x, without);
    assertThat(without).isNotEqualTo(found);
  }

  @Test
  void theFirstGatesAlsoReadTheLastLayerOfTheTokenBefore() {
    GateShape shape = GateShape.of(config, 1, 7);
    LookaheadGates gates = random(shape);
    ExpertPredictor predictor = gates.predictor(config, weights);
    var found = new float[shape.outputs()];
    float[] last = gaussian(4, shape.embedding());
    predictor.predict(config.layers() - 1, last, found);
    var token = new float[shape.embedding()];
    new TokenInput(weights.embedding(), config.normEpsilon()).read(5, token);
    float[] both = Arrays.copyOf(token, 2 * shape.embedding());
    System.arraycopy(last, 0, both, shape.embedding(), shape.embedding());
    for (float[] x : List.of(both, Arrays.copyOf(token, 2 * shape.embedding()))) {
      float[] expected = withoutHistory(gates.point(0), shape, x);
      TopK.probabilities(expected, 0, expected.length, shape.used(), gates.point(0).sharpness()[0]);
      predictor.predictToken(5, found);
      assertThat(found).containsExactly(expected, within(5e-3f));
      predictor.reset(); // and with it the token before
    }
  }

  @Test
  void predictingAllocatesNothing() {
    ExpertPredictor predictor = random(GateShape.of(config, 1, 7)).predictor(config, weights);
    var x = new float[config.embedding()];
    var out = new float[config.experts()];
    int[] ids = {1, 2};
    ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    // Until the JIT has compiled it, the Vector API makes an object of every vector.
    Instant deadline = Instant.now().plus(Duration.ofMinutes(1));
    long bytes;
    do {
      long before = bean.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 200; i++) {
        predictor.predictToken(i % 8, out);
        predictor.observe(0, ids, 0, 2);
        predictor.predict(0, x, out);
      }
      bytes = bean.getCurrentThreadAllocatedBytes() - before;
    } while (bytes > 100 && Instant.now().isBefore(deadline));
    assertThat(bytes).isLessThanOrEqualTo(100);
  }

  static LookaheadGates random(GateShape shape) {
    List<GateWeights> points =
        IntStream.range(0, shape.points())
            .mapToObj(
                p ->
                    new GateWeights(
                        GateWeights.f16(
                            gaussian(p, shape.rows() * shape.inputs(p)),
                            shape.rows(),
                            shape.inputs(p)),
                        gaussian(p + 100, shape.rows()),
                        gaussian(p + 200, shape.history() * shape.outputs()),
                        GateWeights.f16(
                            gaussian(p + 300, shape.hidden() * shape.outputs()),
                            shape.outputs(),
                            shape.hidden()),
                        gaussian(p + 400, shape.horizon())))
            .toList();
    return new LookaheadGates(shape, points, true);
  }

  private float[] router(int layer, float[] x) {
    var layerWeights = weights.layers().get(layer);
    var normed = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      normed[i] = x[i] * layerWeights.feedForwardNorm().weight()[i];
    }
    return product(((FeedForward.Routed) layerWeights.feedForward()).router().weight(), normed);
  }

  private static float[] product(Matrix m, float[] x) {
    var result = new float[m.rows()];
    var row = new float[m.columns()];
    for (int r = 0; r < m.rows(); r++) {
      Quants.decode(m.type(), m.data(), r * m.rowBytes(), row, 0, row.length);
      for (int i = 0; i < row.length; i++) {
        result[r] += row[i] * x[i];
      }
    }
    return result;
  }

  /** Scores of a gate that has seen no routing yet. */
  private static float[] withoutHistory(GateWeights w, GateShape shape, float[] x) {
    float[] first = product(w.first(), x);
    for (int i = 0; i < first.length; i++) {
      first[i] += w.bias()[i];
    }
    var hidden = new float[shape.hidden()];
    for (int i = 0; i < hidden.length; i++) {
      float h = first[shape.outputs() + i];
      hidden[i] = (float) (h / (1 + Math.exp(-1.702 * h)));
    }
    float[] output = product(w.output(), hidden);
    for (int o = 0; o < output.length; o++) {
      output[o] += first[o];
    }
    return output;
  }

  private static float history(GateWeights w, GateShape shape, int element, int output) {
    return w.history()[element * shape.outputs() + output];
  }

  private static float[] gaussian(long seed, int n) {
    var random = new Random(seed);
    var values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian() / 2;
    }
    return values;
  }
}
