package io.foregate.oracle.keys;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.InspectProbe;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.oracle.Evaluation.Candidate;
import io.foregate.oracle.ModelDescription;
import io.foregate.oracle.Precision;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What llama.cpp loads, Foregate loads and reads alike, key by key: tiny models of every
 * architecture, with their metadata dropped, changed and added to. What llama.cpp makes of each
 * file is a golden file (scripts/oracle/check-keys).
 *
 * <p>What llama.cpp refuses may run here, where the tensors leave no doubt; it must not end in
 * anything but a sentence.
 */
class MetadataKeysTest {
  private static final double TOLERANCE = Precision.FLOAT.tolerance();

  @TempDir static Path folder;
  private static Map<String, KeyGolden> golden;

  /** Probabilities by what decides them, so that what is equal is computed once. */
  private final Map<String, List<float[]>> computed = new HashMap<>();

  @BeforeAll
  static void readGolden() throws IOException {
    golden = KeyGolden.all();
  }

  static List<TinyModel> bases() {
    return KeyCases.bases();
  }

  @ParameterizedTest
  @MethodSource("bases")
  void whatFilesMaySay(TinyModel base) throws IOException {
    List<String> failures = new ArrayList<>();
    int compared = 0;
    Path original = TinyModelWriter.write(base, folder);
    try (GgufFile file = GgufFile.open(original)) {
      for (KeyCase changed : KeyCases.of(base, file)) {
        KeyGolden expected = golden.get(changed.name());
        assertThat(expected).as("%s: run scripts/oracle/check-keys", changed.name()).isNotNull();
        Path path = changed.write(file, folder.resolve("changed.gguf"));
        String failure = compare(expected, path, base);
        if (!failure.isEmpty()) {
          failures.add(changed.name() + ": " + failure);
        }
        compared += expected.loads() ? 1 : 0;
      }
    }
    assertThat(failures).isEmpty();
    assertThat(compared).as("cases that llama.cpp loads").isGreaterThan(60);
  }

  private String compare(KeyGolden expected, Path path, TinyModel base) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      assertThat(InspectProbe.inspect(file)).contains("runs here");
    }
    String refused = RefusedKeys.reason(expected.name());
    String facts;
    try {
      facts = ModelDescription.of(path);
    } catch (ForegateException e) {
      boolean meant = !expected.loads() || !refused.isEmpty();
      return meant ? "" : "llama.cpp loads it; here: " + e.getMessage();
    }
    if (!expected.loads()) {
      return "";
    }
    if (!refused.isEmpty()) {
      return "loads, though it should be refused: " + refused;
    }
    List<float[]> own = computed.get(facts);
    if (own == null) {
      own = evaluate(path, Arrays.copyOf(base.tokens(), KeyCases.TOKENS));
      computed.put(facts, own);
    }
    double difference = difference(expected, own);
    return difference <= TOLERANCE ? "" : "probabilities differ by %.3f".formatted(difference);
  }

  private static List<float[]> evaluate(Path path, int[] tokens) {
    var options =
        ModelOptions.defaults()
            .withThreads(2)
            .withContext(ModelDescription.CONTEXT)
            .withKvType(KvType.F32);
    List<float[]> all = new ArrayList<>();
    try (Engine engine = Engine.open(path, options);
        Session session = engine.newSession()) {
      int vocabulary = engine.config().vocabulary();
      session.feedAll(
          tokens,
          0,
          tokens.length,
          (i, logits, offset) -> {
            if (KeyGolden.POSITIONS.contains(i)) {
              all.add(Arrays.copyOfRange(logits, offset, offset + vocabulary));
            }
          });
    }
    all.forEach(MetadataKeysTest::softmax);
    return all;
  }

  private static void softmax(float[] logits) {
    double highest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      highest = Math.max(highest, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - highest);
    }
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (Math.exp(logits[i] - highest) / sum);
    }
  }

  private static double difference(KeyGolden expected, List<float[]> own) {
    double largest = 0;
    for (int i = 0; i < own.size(); i++) {
      for (Candidate candidate : expected.positions().get(i)) {
        double difference = Math.abs(own.get(i)[candidate.id()] - candidate.p());
        largest = difference <= largest ? largest : difference; // NaN must not pass
      }
    }
    return largest;
  }
}
