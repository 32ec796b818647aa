package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufWriter;
import io.foregate.model.weights.Matrix;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.tornado.copy.DeviceExperts;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.kernels.TestMatrix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The demo model with experts of some layers, the first and the last among them, of types that
 * TornadoVM's kernels do not read: the CPU computes those layers' experts, whatever the policy, and
 * they get no slots.
 */
class UnpackedLayersTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final String TEXT = "And it came to pass in those days, that the king said unto";
  private static final Pattern EXPERTS_NAME = Pattern.compile("blk\\.(\\d+)\\.ffn_.*_exps.*");
  private static final int LAYERS = 12;
  private static final int EXPERTS = 8;

  /** Gate and up, down; two layers side by side, and one that is mixed. */
  private static final Map<Integer, List<GgmlType>> REPLACED =
      Map.of(
          0, List.of(GgmlType.IQ3_S, GgmlType.IQ3_S),
          4, List.of(GgmlType.IQ2_XS, GgmlType.IQ3_S),
          5, List.of(GgmlType.IQ3_S, GgmlType.Q4_K),
          11, List.of(GgmlType.IQ2_XS, GgmlType.IQ2_XS));

  private static final int MOVING = EXPERTS * (LAYERS - REPLACED.size());

  /** What is the same from run to run of one backend, and nearly the same on another. */
  private static final double TOLERANCE = 5e-2;

  @TempDir static Path folder;
  private static Path model;

  /** Logits after each token with all experts resident. */
  private static List<float[]> expected;

  private static final List<String> warnings = new ArrayList<>();

  @BeforeAll
  static void writeModel() {
    TornadoSettings.apply();
    model = folder.resolve("mixed.gguf");
    write(model, REPLACED);
    try (var log = new Warnings();
        Engine engine = open(model, "tornado", Offloading.resident())) {
      warnings.addAll(log.lines);
      expected = feed(engine);
    }
  }

  private static void write(Path target, Map<Integer, List<GgmlType>> replaced) {
    var random = new Random(17);
    try (GgufFile demo = GgufFile.open(DEMO);
        GgufWriter writer = GgufWriter.to(target)) {
      writer.metadata(demo.metadata());
      for (GgufTensor tensor : demo.tensors()) {
        Matcher name = EXPERTS_NAME.matcher(tensor.name());
        List<GgmlType> types =
            name.matches() ? replaced.get(Integer.parseInt(name.group(1))) : null;
        if (types != null) {
          GgmlType type = types.get(tensor.name().contains("down") ? 1 : 0);
          int rows = Math.toIntExact(tensor.elements() / tensor.dim(0));
          Matrix matrix = matrix(type, rows, Math.toIntExact(tensor.dim(0)), random);
          writer.tensor(tensor.name(), type, tensor.shape(), matrix.data());
        } else {
          writer.tensor(tensor.name(), tensor.type(), tensor.shape(), demo.data(tensor));
        }
      }
      writer.write();
    }
  }

  private static Matrix matrix(GgmlType type, int rows, int columns, Random random) {
    float scale = 0.05f; // about that of the trained ones
    return (type == GgmlType.Q4_K
            ? TestMatrix.random(type, rows, columns, scale, random)
            : TestMatrix.codebook(type, rows, columns, scale, random))
        .matrix();
  }

  @Test
  void saysWhichExpertsTheProcessorComputes() {
    assertThat(warnings)
        .containsExactly(
            "The experts of 4 of 12 layers run on the CPU: backend tornado has no kernels"
                + " for their types (IQ2_XS, IQ3_S).");
  }

  @Test
  void computesWhatTheProcessorComputes() {
    try (Engine engine = open(model, "cpu", Offloading.resident())) {
      List<float[]> exact = feed(engine);
      for (int i = 0; i < exact.size(); i++) {
        assertThat(
                TestMatrix.error(
                    TestMatrix.doubles(exact.get(i)), FloatArray.fromArray(expected.get(i))))
            .as("logits after %d tokens", i)
            .isLessThan(TOLERANCE);
      }
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "on-demand, 6",
    "lru, 25%",
    "mixtral-offloading, 25%",
    "lookahead, 25%",
    "lookahead, 100%",
    "lookahead, auto"
  })
  void noPolicyChangesABit(String policy, String slots) {
    var options = Offloading.of(policy, slots);
    try (Engine engine = open(model, "tornado", options)) {
      List<float[]> found = feed(engine);
      for (int i = 0; i < found.size(); i++) {
        assertThat(found.get(i)).as("logits after %d tokens", i).containsExactly(expected.get(i));
      }
      ScheduleStatistics s = engine.scheduleStatistics().orElseThrow();
      assertThat(s.layers()).isEqualTo((long) expected.size() * (LAYERS - REPLACED.size()));
      assertThat(s.copiedBytes()).isPositive();
      assertThat(s.hostExperts()).isZero();
    }
  }

  @Test
  void hybridMixesThemWithThoseOfOtherLayers() {
    var options = Offloading.of("hybrid", "25%");
    try (Engine engine = open(model, "tornado", options)) {
      List<float[]> found = feed(engine);
      for (int i = 0; i < found.size(); i++) {
        assertThat(
                TestMatrix.error(
                    TestMatrix.doubles(expected.get(i)), FloatArray.fromArray(found.get(i))))
            .isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void onlyExpertsThatMoveGetSlots() {
    try (Engine engine = open(model, "tornado", Offloading.resident());
        GgufFile file = GgufFile.open(DEMO)) {
      long record = file.tensor("blk.1.ffn_gate_exps.weight").byteSize() / EXPERTS * 3;
      var device = new TornadoModel(engine.config(), engine.weights(), 1L << 30, 1L << 30);
      try (device) {
        assertThat(device.residentExperts().count()).isEqualTo(MOVING);
        assertThat(((DeviceExperts) device.residentExperts()).slotBytes())
            .isBetween(record, record + 3 * 256);
      }
    }
  }

  @Test
  void aModelOfNothingElseRunsWithoutSlots() {
    Path all = folder.resolve("all.gguf");
    var types = List.of(GgmlType.IQ3_S, GgmlType.IQ2_XS);
    Map<Integer, List<GgmlType>> everywhere = new HashMap<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      everywhere.put(layer, types);
    }
    write(all, everywhere);
    var lru = Offloading.of("lru", "25%");
    try (Engine device = open(all, "tornado", lru);
        Engine cpu = open(all, "cpu", Offloading.resident())) {
      assertThat(device.scheduleStatistics()).isEmpty();
      List<float[]> found = feed(device);
      List<float[]> exact = feed(cpu);
      for (int i = 0; i < found.size(); i++) {
        assertThat(
                TestMatrix.error(
                    TestMatrix.doubles(exact.get(i)), FloatArray.fromArray(found.get(i))))
            .isLessThan(TOLERANCE);
      }
    }
  }

  private static Engine open(Path path, String backend, Offloading experts) {
    return Engine.open(
        path, ModelOptions.defaults().withBackend(backend).withContext(64).withOffloading(experts));
  }

  /** A batch, then token by token. */
  private static List<float[]> feed(Engine engine) {
    List<float[]> all = new ArrayList<>();
    int[] tokens = engine.tokenizer().encode(TEXT, true, false);
    int batch = tokens.length / 2;
    int vocabulary = engine.config().vocabulary();
    try (Session session = engine.newSession()) {
      session.feed(tokens, 0, batch);
      all.add(session.logits().clone());
      for (int i = batch; i < tokens.length; i++) {
        session.feed(tokens, i, i + 1);
        assertThat(session.logits()).hasSize(vocabulary);
        all.add(session.logits().clone());
      }
    }
    return all;
  }

  /** What the engine warns of while this is open. */
  private static final class Warnings extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger(Engine.class.getName());
    private final List<String> lines = new ArrayList<>();

    Warnings() {
      logger.addHandler(this);
      logger.setLevel(Level.FINE);
    }

    @Override
    public void publish(LogRecord log) {
      lines.add(new SimpleFormatter().formatMessage(log));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      logger.removeHandler(this);
      logger.setLevel(null);
    }
  }
}
