package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.GateFile;
import io.foregate.gate.LookaheadGates;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.tornado.device.TornadoSettings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The demo model's gates say on the device what they say on the host. */
class GateScoresTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final long GIB = 1L << 30;

  /** The host rounds what gates read to 16 bits. */
  private static final double TOLERANCE = 5e-3;

  private static GgufFile file;
  private static ModelConfig config;
  private static ModelWeights weights;

  private final float[] input = new float[config.embedding()];
  private ExpertMemory experts;
  private ExpertPredictor host;
  private ExpertPredictor device;
  private float[] scores;
  private int compared;

  @BeforeAll
  static void open() {
    TornadoSettings.apply(); // before TornadoVM's classes read them
    file = GgufFile.open(DEMO);
    config = ModelConfigReader.read(file);
    weights = ModelReader.read(file, config);
  }

  @AfterAll
  static void close() {
    file.close();
  }

  private static LookaheadGates trained() {
    return GateFile.find(Optional.empty(), file, config).orElseThrow();
  }

  @Test
  void trainedGates() {
    LookaheadGates gates = trained();
    assertThat(gates.shape().hidden()).isPositive();
    compare(gates);
  }

  @Test
  void untrainedGates() {
    compare(LookaheadGates.untrained(config, weights, 3));
  }

  /** Tokens alone, behind a batch, behind a batch that was the first, and behind a cut. */
  private void compare(LookaheadGates gates) {
    host = gates.predictor(config, weights);
    device = gates.predictor(config, weights);
    scores = new float[gates.shape().outputs()];
    try (var model = new TornadoModel(config, weights, 4 * GIB, GIB)) {
      assertThat(model.useGates(gates.matrices())).isTrue();
      experts = model.residentExperts();
      try (Sequence sequence = model.newSequence(64, KvType.F16)) {
        feed(sequence, 0, 11, 12);
        feed(sequence, 2, 13);
        feed(sequence, 3, 14);
        feed(sequence, 4, 15, 16, 17, 18, 19);
        feed(sequence, 9, 20);
        sequence.forgetGateInput();
        host.reset();
        device.reset();
        feed(sequence, 0, 21);
        feed(sequence, 1, 22);
      }
      try (Sequence next = model.newSequence(64, KvType.F16)) {
        host.reset();
        device.reset();
        feed(next, 0, 23);
      }
    }
    assertThat(compared).isEqualTo(6 * (config.layers() + 1));
  }

  private void feed(Sequence sequence, int position, int... tokens) {
    sequence.embed(tokens, 0, tokens.length, position);
    float[] expected = new float[scores.length];
    float[] found = new float[scores.length];
    assertThat(sequence.gateScores(scores)).isEqualTo(tokens.length == 1);
    if (tokens.length == 1) {
      host.predictToken(tokens[0], expected);
      device.predictScored(-1, scores, input, found);
      requireSame(expected, found, -1);
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      sequence.attention(layer);
      Routing routing = sequence.route(layer);
      for (int t = 0; t < tokens.length; t++) {
        host.observe(layer, routing.ids(), t * routing.used(), routing.used());
        device.observe(layer, routing.ids(), t * routing.used(), routing.used());
      }
      sequence.gateInput(tokens.length - 1, input);
      host.predict(layer, input, expected);
      boolean scored = sequence.gateScores(scores);
      assertThat(scored).isEqualTo(tokens.length == 1);
      if (scored) {
        device.predictScored(layer, scores, input, found);
        requireSame(expected, found, layer);
      } else {
        device.predict(layer, input, found);
      }
      runExperts(sequence, layer, routing);
    }
  }

  private void requireSame(float[] expected, float[] found, int layer) {
    assertThat(found).as("layer %d", layer).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i])
          .as("layer %d, score %d", layer, i)
          .isCloseTo(expected[i], within(TOLERANCE));
    }
    compared++;
  }

  private void runExperts(Sequence sequence, int layer, Routing routing) {
    int[] ids =
        Arrays.stream(routing.ids(), 0, routing.tokens() * routing.used()).distinct().toArray();
    int[] places = Arrays.stream(ids).map(id -> layer * config.experts() + id).toArray();
    sequence.runShared(layer);
    sequence.runExperts(layer, experts, ids, places, ids.length);
    sequence.combineExperts(layer);
  }
}
