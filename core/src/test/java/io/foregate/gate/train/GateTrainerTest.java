package io.foregate.gate.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.error.ForegateException;
import io.foregate.gate.GateShape;
import io.foregate.gate.GateWeights;
import io.foregate.gguf.ModelHash;
import io.foregate.quant.vector.VectorProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GateTrainerTest {
  private static final ModelHash MODEL = new ModelHash("ab".repeat(32));

  @TempDir private Path folder;

  /** Every point of a token, a middle and the last layer; with and without a hidden layer. */
  @ParameterizedTest
  @CsvSource({"0, 0", "0, 5", "2, 5", "3, 5", "3, 0"})
  void derivativesAgreeWithFiniteDifferences(int point, int hidden) {
    GateShape shape = SyntheticRouting.shape(2, hidden);
    var model =
        new PointModel(shape, point, VectorProvider.get().kernels(), new GateLoss(shape, 0.3f));
    float[] w = new float[PointParameters.size(shape, point)];
    var random = new Random(7);
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) random.nextGaussian() * 0.1f;
    }
    var gradient = new float[w.length];
    try (GateSamples samples = new SyntheticRouting(3).samples(shape, 9)) {
      lossOf(model, w, samples, gradient);
      for (int trial = 0; trial < 200; trial++) {
        int i = random.nextInt(w.length);
        float before = w[i];
        float step = 2e-3f;
        w[i] = before + step;
        double above = lossOf(model, w, samples, new float[w.length]);
        w[i] = before - step;
        double below = lossOf(model, w, samples, new float[w.length]);
        w[i] = before;
        double difference = (above - below) / (2 * step);
        assertThat((double) gradient[i])
            .isCloseTo(difference, within(1e-3 + 0.01 * Math.abs(difference)));
      }
    }
    double norm = 0;
    for (float g : gradient) {
      norm += g * g;
    }
    assertThat(norm).isGreaterThan(0.01);
  }

  private static double lossOf(PointModel model, float[] w, GateSamples samples, float[] gradient) {
    model.forward(w, samples, 0, samples.tokens());
    return model.backward(w, samples, 0, samples.tokens(), samples.tokens(), gradient);
  }

  @Test
  void learnsALinearRouting() {
    GateShape shape = SyntheticRouting.shape(1, 0);
    var routing = new SyntheticRouting(5);
    try (GateSamples train = routing.samples(shape, 1500);
        GateSamples held = routing.samples(shape, 500);
        var trainer = trainer(shape, 1, 300)) {
      double blind = trainer.validate(List.of(held));
      double first = trainer.train(List.of(train), 1);
      double last = trainer.train(List.of(train), 299);
      assertThat(last).isLessThan(first / 2);
      double recall = trainer.validate(List.of(held));
      assertThat(recall).isGreaterThan(blind);
      // The last layer's target is the next token's, of which the input tells nothing.
      for (int p = 0; p < SyntheticRouting.LAYERS; p++) {
        double atPoint = GateEvaluator.recall(trainer.points().get(p), shape, p, List.of(held));
        assertThat(atPoint).as("point %d", p).isGreaterThan(0.97);
      }
    }
  }

  @Test
  void theHistoryTellsOfTheTokenBefore() {
    GateShape shape = SyntheticRouting.shape(1, 0);
    var samples = new GateSamples(shape, 1200);
    var random = new Random(1);
    var zero = new float[SyntheticRouting.WIDTH];
    int[] last = {0, 1};
    for (int t = 0; t < samples.tokens(); t++) {
      for (int p = 0; p < shape.points(); p++) {
        samples.setInput(p, t, zero);
      }
      for (int layer = 0; layer < shape.layers(); layer++) {
        // Layer 0 routes as a permutation of its last routing, now and then anew.
        int[] ids =
            layer > 0 || random.nextInt(10) == 0
                ? new int[] {random.nextInt(3), 3 + random.nextInt(3)}
                : new int[] {(last[0] + 1) % 6, (last[1] + 1) % 6};
        if (layer == 0) {
          last = ids;
        }
        var logits = new float[SyntheticRouting.EXPERTS];
        logits[ids[0]] = 5;
        logits[ids[1]] = 4;
        samples.setRouting(layer, t, logits, 0, ids, 0);
      }
    }
    try (samples;
        var trainer = trainer(shape, 1, 300)) {
      trainer.train(List.of(samples), 300);
      assertThat(GateEvaluator.recall(trainer.points().getFirst(), shape, 0, List.of(samples)))
          .isGreaterThan(0.85);
    }
  }

  @Test
  void doesNotDependOnThreadsAndRepeatsItself() {
    GateShape shape = SyntheticRouting.shape(2, 4);
    var routing = new SyntheticRouting(5);
    try (GateSamples a = routing.samples(shape, 300);
        GateSamples b = routing.samples(shape, 40);
        var one = trainer(shape, 1, 8);
        var other = trainer(shape, 3, 8)) {
      one.train(List.of(a, b), 4);
      other.train(List.of(a, b), 4);
      for (int p = 0; p < shape.points(); p++) {
        assertThat(values(one, p)).isEqualTo(values(other, p));
      }
      assertThat(one.validate(List.of(b))).isEqualTo(other.validate(List.of(b)));
    }
  }

  @Test
  void goesOnFromACheckpointAsIfNeverStopped() {
    GateShape shape = SyntheticRouting.shape(2, 4);
    var routing = new SyntheticRouting(9);
    Path file = folder.resolve("checkpoint");
    try (GateSamples a = routing.samples(shape, 100);
        GateSamples b = routing.samples(shape, 120);
        GateSamples held = routing.samples(shape, 80);
        var whole = trainer(shape, 2, 12);
        var stopped = trainer(shape, 2, 12);
        var resumed = trainer(shape, 2, 12)) {
      for (var trainer : List.of(whole, stopped)) {
        trainer.train(List.of(a, b), 3);
        trainer.validate(List.of(held));
      }
      GateCheckpoint.write(file, stopped, MODEL, "task");
      GateCheckpoint.read(file, resumed, MODEL, "task");
      for (var trainer : List.of(whole, resumed)) {
        trainer.train(List.of(b, a), 3);
      }
      for (int p = 0; p < shape.points(); p++) {
        assertThat(values(resumed, p)).isEqualTo(values(whole, p));
      }
      assertThat(resumed.state().round()).isEqualTo(2);
      assertThat(resumed.state().step()).isEqualTo(whole.state().step());
      assertThat(resumed.state().bestRecall()).isEqualTo(whole.state().bestRecall());
    }
  }

  @Test
  void aCheckpointOfAnotherTaskOrADamagedOneIsRefused() throws IOException {
    GateShape shape = SyntheticRouting.shape(2, 4);
    Path file = folder.resolve("checkpoint");
    // What a kill left behind does not stop the next checkpoint.
    Files.write(folder.resolve("checkpoint.part"), new byte[100]);
    try (var trainer = trainer(shape, 1, 12)) {
      GateCheckpoint.write(file, trainer, MODEL, "task");
      assertThatThrownBy(() -> GateCheckpoint.read(file, trainer, MODEL, "other"))
          .isInstanceOf(ForegateException.class)
          .hasMessageContainingAll("task", "other");
      var another = new ModelHash("cd".repeat(32));
      assertThatThrownBy(() -> GateCheckpoint.read(file, trainer, another, "task"))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("model");
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length - 100] ^= 4;
      Files.write(file, bytes);
      assertThatThrownBy(() -> GateCheckpoint.read(file, trainer, MODEL, "task"))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("checksum");
    }
  }

  @Test
  void keepsTheBestGatesNotTheLast() {
    GateShape shape = SyntheticRouting.shape(1, 0);
    var routing = new SyntheticRouting(5);
    try (GateSamples train = routing.samples(shape, 500);
        GateSamples held = routing.samples(shape, 300);
        var trainer = trainer(shape, 1, 100)) {
      trainer.train(List.of(train), 100);
      double best = trainer.validate(List.of(held));
      float[] kept = values(trainer, 1).clone();
      trainer.points().forEach(p -> Arrays.fill(p.parameters().values, 0));
      assertThat(trainer.validate(List.of(held))).isLessThan(best);
      assertThat(trainer.state().bestRecall()).isEqualTo(best);
      assertThat(trainer.state().stale()).isEqualTo(1);
      assertThat(trainer.state().best.get(1)).isEqualTo(kept);
      GateWeights gate = trainer.best(List.of(held)).point(1);
      assertThat(gate.bias())
          .containsExactly(
              Arrays.copyOfRange(
                  kept, PointParameters.bias(shape, 1), PointParameters.history(shape, 1)));
    }
  }

  private static GateTrainer trainer(GateShape shape, int threads, int steps) {
    return new GateTrainer(
        shape, SyntheticRouting.blank(), new TrainingPlan(steps, 0.02f, 0.1f, 1, 11, threads));
  }

  private static float[] values(GateTrainer trainer, int point) {
    return trainer.points().get(point).parameters().values;
  }
}
