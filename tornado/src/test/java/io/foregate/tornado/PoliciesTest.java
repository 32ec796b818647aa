package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.error.ForegateException;
import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.schedule.state.ScheduleStatistics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Policies move bytes; on the device too, not one of them may change a bit of what is computed. */
class PoliciesTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final String PROMPT =
      "And it came to pass in those days, that the king said unto his servants,";
  private static final int DECODED = 24;

  /** Logits after each token of the prompt, and after each that greedy decoding makes. */
  private static List<float[]> expected;

  /** The same after each token of a longer text, fed in batches. */
  private static List<float[]> expectedInBatches;

  @BeforeAll
  static void generateWithAllExpertsResident() {
    try (Engine engine = open(Offloading.resident())) {
      expected = generate(engine);
      expectedInBatches = prefill(engine);
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "on-demand, 6",
    "lru, 25%",
    "lru-as-published, 50%",
    "mixtral-offloading, 25%",
    "lookahead, 25%",
    "lookahead, auto"
  })
  void noPolicyChangesABit(String policy, String slots) {
    try (Engine engine = open(offloading(policy, slots))) {
      assertSameBits(generate(engine));
      assertSameBits(expectedInBatches, prefill(engine));
      ScheduleStatistics s = engine.scheduleStatistics().orElseThrow();
      assertThat(s.hits() + s.lates() + s.misses()).isPositive();
      assertThat(s.copiedBytes()).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"enqueue", "transfers", "synchronous"})
  void noCopyEngineChangesABitEither(String name) {
    Link link = new Link(0, name);
    try (Engine engine = open(offloading("mixtral-offloading", "25%").withLink(link))) {
      assertSameBits(generate(engine));
    }
  }

  @Test
  void sessionsShareTheDevice() {
    try (Engine engine = open(offloading("lookahead", "25%"))) {
      int[] prompt = engine.tokenizer().encode(PROMPT, true, false);
      try (Session one = engine.newSession();
          Session two = engine.newSession()) {
        for (int i = 0; i < prompt.length; i++) {
          one.feed(prompt, i, i + 1);
          assertThat(one.logits()).containsExactly(expected.get(i));
          two.feed(prompt, i, i + 1);
          assertThat(two.logits()).containsExactly(expected.get(i));
        }
      }
      assertSameBits(generate(engine)); // by one that takes over what a closed session had
    }
  }

  @Test
  void saysWhatItCannotDo() {
    assertThatThrownBy(() -> open(offloading("lru", "50%").withLinkGbps(1)))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("imitated");
    assertThatThrownBy(() -> open(offloading("lru", "50%").withLink(new Link(0, "magic"))))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> assertThat(e.hint()).contains("auto, cuda, enqueue, transfers, synchronous"));
  }

  /** With activations as they are: a last bit more or less may round to another code. */
  @Test
  void aCacheOfFloatsTakesTwiceTheRoomAndSaysNearlyTheSame() {
    ModelOptions options = ModelOptions.defaults().withBackend("tornado");
    try (var _ = new FastArithmetic();
        Engine halves = Engine.open(DEMO, options);
        Session f16 = halves.newSession();
        Engine floats = Engine.open(DEMO, options.withKvType(KvType.F32));
        Session f32 = floats.newSession()) {
      assertThat(f32.kvBytes()).isEqualTo(2 * f16.kvBytes());
      int[] prompt = halves.tokenizer().encode(PROMPT, true, false);
      double worst = 0;
      for (int i = 0; i < prompt.length; i++) {
        f16.feed(prompt, i, i + 1);
        f32.feed(prompt, i, i + 1);
        worst = Math.max(worst, largestDifference(f32.logits(), f16.logits()));
      }
      assertThat(worst).isPositive().isLessThan(0.05);
    }
  }

  private static Offloading offloading(String policy, String slots) {
    return Offloading.of(policy, slots);
  }

  private static Engine open(Offloading experts) {
    return Engine.open(
        DEMO, ModelOptions.defaults().withBackend("tornado").withOffloading(experts));
  }

  /**
   * Batches add up in another order than tokens alone, and so differ in the last bits. Their
   * activations are never rounded.
   */
  @Test
  void aBatchSaysWhatItsTokensSayAlone() {
    try (var _ = new FastArithmetic();
        Engine engine = open(offloading("lru", "25%"));
        Session session = engine.newSession()) {
      int[] tokens = longer(engine);
      double worst = 0;
      for (int i = 0; i < tokens.length; i++) {
        session.feed(tokens, i, i + 1);
        worst = Math.max(worst, largestDifference(session.logits(), expectedInBatches.get(i)));
      }
      assertThat(worst).isPositive().isLessThan(0.05);
    }
  }

  private static double largestDifference(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      worst = Math.max(worst, Math.abs(a[i] - b[i]));
    }
    return worst;
  }

  /** More than two batches, the last of them one token. */
  private static int[] longer(Engine engine) {
    int[] once = engine.tokenizer().encode(PROMPT, true, false);
    int[] tokens = new int[129];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = once[i % once.length];
    }
    return tokens;
  }

  private static List<float[]> prefill(Engine engine) {
    List<float[]> all = new ArrayList<>();
    int vocabulary = engine.config().vocabulary();
    try (Session session = engine.newSession()) {
      int[] tokens = longer(engine);
      session.feedAll(
          tokens,
          0,
          tokens.length,
          (i, logits, at) -> all.add(Arrays.copyOfRange(logits, at, at + vocabulary)));
    }
    return all;
  }

  private static void assertSameBits(List<float[]> logits) {
    assertSameBits(expected, logits);
  }

  private static void assertSameBits(List<float[]> expected, List<float[]> logits) {
    assertThat(logits).hasSameSizeAs(expected);
    for (int i = 0; i < logits.size(); i++) {
      assertThat(logits.get(i)).as("logits after %d tokens", i).containsExactly(expected.get(i));
    }
  }

  private static List<float[]> generate(Engine engine) {
    List<float[]> all = new ArrayList<>();
    try (Session session = engine.newSession()) {
      int[] prompt = engine.tokenizer().encode(PROMPT, true, false);
      for (int i = 0; i < prompt.length; i++) {
        session.feed(prompt, i, i + 1);
        all.add(session.logits().clone());
      }
      for (int i = 0; i < DECODED; i++) {
        session.feed(new int[] {best(all.getLast())}, 0, 1);
        all.add(session.logits().clone());
      }
    }
    return all;
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }
}
