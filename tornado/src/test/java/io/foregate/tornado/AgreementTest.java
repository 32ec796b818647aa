package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.tornado.copy.CopyChoice;
import io.foregate.tornado.copy.CopyEngine;
import io.foregate.tornado.copy.Upload;
import io.foregate.tornado.device.TornadoSettings;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The device's answers beside the CPU's, position by position over held-out text, each fed the same
 * tokens. The CPU rounds activations to 8 bits as ggml does, and the device only those of a token's
 * experts, so they cannot agree to the bit: where the CPU is sure, they must name the same token.
 *
 * <p>{@code -Dforegate.agreement.positions=2100} compares more of them, {@code
 * -Dforegate.agreement.texts=bible,java} other texts, {@code -Dforegate.agreement.policies=lru}
 * another policy; {@code -Dforegate.report=FOLDER} writes what was found.
 */
class AgreementTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final Path TEXTS = Path.of("../models/foregate-demo-heldout");
  private static final List<String> NAMES =
      List.of(
          System.getProperty("foregate.agreement.texts", "bible,novels,wordnet,manuals,java")
              .split(","));

  /** Natural logarithms of probabilities by which the CPU's best must lead to be sure. */
  private static final double TOLERANCE = 0.25;

  private static final int POSITIONS = Integer.getInteger("foregate.agreement.positions", 100);

  @TempDir private Path folder;
  private long hostExperts;
  private int compared;
  private int agreed;
  private int nearTies;
  private int picks;
  private int flips;
  private double divergence;
  private double widestFlippedMargin;

  @ParameterizedTest
  @MethodSource("policies")
  void namesTheSameTokenWhereverTheProcessorIsSure(String policy) throws IOException {
    Offloading experts = Offloading.of(policy, "25%");
    compareAll(policy, "tornado", experts, POSITIONS, false);
  }

  private static Stream<String> policies() {
    return Stream.of(System.getProperty("foregate.agreement.policies", "resident").split(","));
  }

  /** Many tokens at a time: kernels of their own. */
  @Test
  void andInBatches() throws IOException {
    compareAll("resident-batches", "tornado", Offloading.resident(), POSITIONS, true);
  }

  /** A link so slow that the CPU is sooner, whatever machine this is. */
  public static final class OverASlowLink implements Backend {
    private static final long COPY_MILLIS = 20;

    /** Every copy, or part of one, takes its time. */
    private record Slow(Upload other) implements Upload {
      @Override
      public void write(MemorySegment source, long from, long bytes, int word) {
        try {
          Thread.sleep(COPY_MILLIS);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        other.write(source, from, bytes, word);
      }

      @Override
      public void close() {
        other.close();
      }
    }

    @Override
    public String name() {
      return "slow-link";
    }

    @Override
    public String description() {
      return "for a test";
    }

    @Override
    public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
      TornadoSettings.apply();
      var slow =
          new CopyChoice(
              Optional.of(CopyEngine.TRANSFERS),
              (engine, memory) -> new Slow(engine.open(memory)),
              told -> {});
      return new TornadoModel(
          config,
          weights,
          threads,
          1L << 32,
          1L << 32,
          false,
          (copies, dense, words, compute) -> slow.open(dense, words, compute));
    }
  }

  /** Some experts on the device, some on the CPU. */
  @Test
  void andWhereItHelps() throws IOException {
    Offloading hybrid = Offloading.of("hybrid", "25%");
    try (var _ = new BackendPath(folder, OverASlowLink.class)) {
      compareAll("hybrid", "slow-link", hybrid, POSITIONS, false);
    }
    assertThat(hostExperts)
        .as("experts that ran on the CPU")
        .isBetween(picks / 20L, picks - picks / 20L);
  }

  private void compareAll(
      String name, String backend, Offloading experts, int positions, boolean batches)
      throws IOException {
    try (Engine cpu = open("cpu", Offloading.resident());
        Engine device = open(backend, experts)) {
      int each = Math.ceilDiv(positions, NAMES.size());
      for (String textName : NAMES) {
        String text = Files.readString(TEXTS.resolve(textName + ".txt"));
        int[] tokens = cpu.tokenizer().encode(text, true, false);
        for (int from = 0; from < each; from += cpu.context()) {
          int length = Math.min(cpu.context(), each - from);
          compare(cpu, device, Arrays.copyOfRange(tokens, from, from + length), batches);
        }
      }
      hostExperts = device.scheduleStatistics().map(ScheduleStatistics::hostExperts).orElse(0L);
    }
    report(name);
    assertThat(compared).isGreaterThanOrEqualTo(positions);
    assertThat(agreed + nearTies).as("same token, or a near-tie").isEqualTo(compared);
    assertThat(divergence / compared).isLessThan(2e-3);
    assertThat(flips).isLessThan(picks / 50);
  }

  private void report(String policy) throws IOException {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("positions", compared);
    found.put("same_best_token", agreed);
    found.put("near_ties", nearTies);
    found.put("near_tie_lead", TOLERANCE);
    found.put("widest_lead_lost", widestFlippedMargin);
    found.put("mean_kl_divergence", divergence / compared);
    found.put("routed_experts", picks);
    found.put("routed_otherwise", flips);
    found.put("experts_on_the_processor", hostExperts);
    FoundReport.write(
        "agreement-" + policy,
        "agreement of backend tornado with backend cpu, teacher-forced",
        Map.of("model", DEMO.getFileName().toString(), "policy", policy, "texts", NAMES),
        found);
  }

  private static Engine open(String backend, Offloading experts) {
    return Engine.open(DEMO, ModelOptions.defaults().withBackend(backend).withOffloading(experts));
  }

  private void compare(Engine cpu, Engine device, int[] tokens, boolean batches) {
    int vocabulary = cpu.config().vocabulary();
    int layers = cpu.config().layers();
    int used = cpu.config().expertsUsed();
    float[][] expected = new float[tokens.length][];
    int[][] routed = new int[tokens.length * layers][];
    try (Session session = cpu.newSession()) {
      session.onRouting(
          (layer, position, routing, inputs) -> {
            for (int t = 0; t < routing.tokens(); t++) {
              routed[(position + t) * layers + layer] =
                  Arrays.copyOfRange(routing.ids(), t * used, (t + 1) * used);
            }
          });
      session.feedAll(
          tokens,
          0,
          tokens.length,
          (i, logits, at) -> expected[i] = Arrays.copyOfRange(logits, at, at + vocabulary));
    }
    try (Session session = device.newSession()) {
      session.onRouting(
          (layer, position, routing, inputs) -> {
            for (int t = 0; t < routing.tokens(); t++) {
              int[] ids = Arrays.copyOfRange(routing.ids(), t * used, (t + 1) * used);
              countFlips(routed[(position + t) * layers + layer], ids);
            }
          });
      int step = batches ? tokens.length : 1;
      for (int from = 0; from < tokens.length; from += step) {
        session.feedAll(
            tokens,
            from,
            from + step,
            (i, logits, at) -> judge(expected[i], Arrays.copyOfRange(logits, at, at + vocabulary)));
      }
    }
  }

  private void countFlips(int[] expected, int[] ids) {
    for (int id : ids) {
      picks++;
      if (Arrays.stream(expected).noneMatch(e -> e == id)) {
        flips++;
      }
    }
  }

  private void judge(float[] expected, float[] found) {
    double[] p = logProbabilities(expected);
    double[] q = logProbabilities(found);
    int best = best(p);
    int other = best(q);
    compared++;
    for (int i = 0; i < p.length; i++) {
      divergence += Math.exp(p[i]) * (p[i] - q[i]);
    }
    if (best == other) {
      agreed++;
    } else {
      double lead = p[best] - p[other];
      widestFlippedMargin = Math.max(widestFlippedMargin, lead);
      if (lead < TOLERANCE) {
        nearTies++;
      }
    }
  }

  private static int best(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  private static double[] logProbabilities(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    double[] result = new double[logits.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = logits[i] - max - Math.log(sum);
    }
    return result;
  }
}
