package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foregate.backend.Routing;
import io.foregate.engine.experts.ExpertMovement;
import io.foregate.error.ForegateException;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gate.trace.TracePredictor;
import io.foregate.gate.trace.TraceRecords;
import io.foregate.gguf.ModelHash;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.options.TierChoice;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.policy.PredictorKind;
import io.foregate.schedule.state.ScheduleStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Policies move bytes; not one of them may change a bit of what the real demo model computes. */
class PolicyTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final String PROMPT =
      "And it came to pass in those days, that the king said unto his servants,";
  private static final int DECODED = 24;

  @TempDir Path folder;

  /** Logits after the prompt and after each token that greedy decoding makes. */
  private static List<float[]> expected;

  /** What was routed meanwhile: what the oracle knows. */
  private static TraceRecords routed;

  @BeforeAll
  static void generateWithAllExpertsResident() {
    var header =
        new TraceHeader(
            new ModelHash("00".repeat(ModelHash.BYTES)),
            "demo",
            12,
            8,
            2,
            List.of(),
            List.of("prompt"));
    routed = new TraceRecords(header, 128);
    expected =
        generate(ExpertMovement.of(Offloading.resident()), new ArrayList<>(), PolicyTest::remember);
  }

  private static void remember(int layer, int position, Routing routing, GateInputs inputs) {
    for (int t = 0; t < routing.tokens(); t++) {
      if (layer == 0) {
        routed.add(0, false, position + t == 0, 0);
      }
      for (int rank = 0; rank < routing.used(); rank++) {
        int pick = t * routing.used() + rank;
        routed.choice(position + t, layer, rank, routing.ids()[pick], routing.weights()[pick]);
      }
    }
  }

  private static Stream<Arguments> policiesAndBudgets() {
    return Stream.concat(Policy.all().stream(), Policy.ablations().stream())
        .flatMap(
            policy ->
                Stream.of("6", "25%", "50%", "100%")
                    .filter(slots -> !policy.name().equals("resident") || slots.equals("100%"))
                    .map(slots -> Arguments.of(policy, slots)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("policiesAndBudgets")
  void noPolicyChangesABit(Policy policy, String slots) {
    List<ScheduleStatistics> statistics = new ArrayList<>();
    ExpertMovement movement = ExpertMovement.of(Offloading.of(policy.name(), slots));
    if (policy.prediction().predictor() == PredictorKind.ORACLE) {
      movement =
          movement.withReplay(() -> TracePredictor.oracle(routed, policy.prediction().horizon()));
    }
    List<float[]> logits = generate(movement, statistics, (layer, position, routing, inputs) -> {});
    for (int i = 0; i < expected.size(); i++) {
      assertThat(logits.get(i)).as("logits after %d tokens", i).containsExactly(expected.get(i));
    }
    for (ScheduleStatistics s : statistics) {
      assertThat(s.hits() + s.lates() + s.misses()).isPositive();
      assertThat(s.tokens()).isGreaterThan(DECODED);
      assertThat(s.copiedBytes()).isPositive();
    }
  }

  @Test
  void aStoreInAFileGivesTheSameBits() {
    Offloading options =
        offloading("lru", "25%")
            .withStore(Offloading.resident().store().withTier(TierChoice.FILE).withFolder(folder));
    for (int run = 0; run < 2; run++) { // the second finds the file
      List<float[]> logits = generate(options, new ArrayList<>());
      assertThat(logits.getLast()).containsExactly(expected.getLast());
    }
    assertThat(folder).isNotEmptyDirectory();
  }

  @Test
  void twoSessionsShareTheSlots() {
    try (Engine engine = open(offloading("lookahead", "25%"));
        Session one = engine.newSession();
        Session two = engine.newSession()) {
      int[] prompt = engine.tokenizer().encode(PROMPT, true, false);
      for (int i = 0; i < prompt.length; i++) {
        one.feed(prompt, i, i + 1);
        two.feed(prompt, i, i + 1);
      }
      assertThat(one.logits()).containsExactly(two.logits());
    }
  }

  @Test
  void aTimelineShowsLayersCopiesAndComputing() throws IOException {
    Path file = folder.resolve("timeline.json");
    generate(offloading("lru", "25%").withLinkGbps(1).withTimeline(file), new ArrayList<>());
    JsonNode events = new ObjectMapper().readTree(Files.readString(file)).get("traceEvents");
    List<String> tracks = new ArrayList<>();
    int[] perTrack = new int[6];
    for (JsonNode event : events) {
      if (event.get("ph").asText().equals("M")) {
        tracks.add(event.at("/args/name").asText());
      } else {
        perTrack[event.get("tid").asInt()]++;
        assertThat(event.get("ts").asDouble()).isNotNegative();
        assertThat(event.get("dur").asDouble()).isNotNegative();
      }
    }
    assertThat(tracks).contains("layers", "compute", "stalls", "copies to the device");
    assertThat(perTrack[1]).isEqualTo(12 * (DECODED + 1));
    assertThat(perTrack[2]).isPositive();
    assertThat(perTrack[3]).isPositive();
    assertThat(perTrack[4]).isPositive();
  }

  @Test
  void aBudgetBelowTopKIsRefused() {
    assertThatThrownBy(() -> open(offloading("lookahead", "1")).close())
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("1 slot of");
  }

  private static Offloading offloading(String policy, String slots) {
    return Offloading.of(policy, slots);
  }

  private static Engine open(Offloading options) {
    return open(ExpertMovement.of(options));
  }

  private static Engine open(ExpertMovement movement) {
    return Engine.open(DEMO, ModelOptions.defaults().withThreads(2).withContext(128), movement);
  }

  private static List<float[]> generate(Offloading options, List<ScheduleStatistics> statistics) {
    return generate(
        ExpertMovement.of(options), statistics, (layer, position, routing, inputs) -> {});
  }

  private static List<float[]> generate(
      ExpertMovement movement, List<ScheduleStatistics> statistics, RoutingListener listener) {
    List<float[]> logits = new ArrayList<>();
    try (Engine engine = open(movement);
        Session session = engine.newSession()) {
      session.onRouting(listener);
      int[] prompt = engine.tokenizer().encode(PROMPT, true, false);
      session.feed(prompt, 0, prompt.length);
      logits.add(session.logits().clone());
      for (int i = 0; i < DECODED; i++) {
        session.feed(new int[] {Sampler.argmax(session.logits())}, 0, 1);
        logits.add(session.logits().clone());
      }
      engine.scheduleStatistics().ifPresent(statistics::add);
    }
    return logits;
  }
}
