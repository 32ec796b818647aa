package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.engine.BackendRegistry;
import io.foregate.engine.Engine;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Router;
import io.foregate.model.AttentionConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.MoeConfig;
import io.foregate.model.RouterConfig;
import io.foregate.model.SlidingWindow;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.ModelOptions;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.kernels.TestMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that no kernel runs are refused in a sentence, and then run on the CPU. */
class RefusalsTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final TinyFamily TINY = TinyFamily.dense("llama", 16);
  private static final ModelConfig CONFIG = TINY.config();

  @TempDir private Path folder;

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  private static void refuses(ModelConfig config, ModelWeights weights, String... words) {
    assertThatThrownBy(() -> new TornadoModel(config, weights, 1L << 32, 1L << 32).close())
        .isInstanceOfSatisfying(
            ForegateException.class, e -> assertThat(e.hint()).contains("backend cpu"))
        .message()
        .contains(words);
  }

  private static ModelConfig with(AttentionConfig attention, MoeConfig moe) {
    return new ModelConfig(
        CONFIG.name(),
        CONFIG.family(),
        CONFIG.layers(),
        CONFIG.embedding(),
        attention,
        CONFIG.feedForward(),
        moe,
        CONFIG.vocabulary(),
        CONFIG.contextLength(),
        CONFIG.normEpsilon(),
        CONFIG.rope(),
        CONFIG.scales());
  }

  /** Each number may be right by itself; their product is beyond an int. */
  @Test
  void expertsBeyondAnArray() {
    var many = new MoeConfig(256, 256, 1 << 24, 0, 0, MoeConfig.NONE.router());
    refuses(with(CONFIG.attention(), many), TINY.weights(), "4294967296 activations of a token");
  }

  @Test
  void headsBeyondLocalMemory() {
    AttentionConfig wide = AttentionConfig.of(2, 1, 1026);
    refuses(with(wide, MoeConfig.NONE), TINY.weights(), "cannot run on TornadoVM", "1026");
  }

  @Test
  void headsThatAreNoPairs() {
    AttentionConfig odd = new AttentionConfig(4, 2, 25, 24, 1f, SlidingWindow.NONE);
    refuses(
        with(odd, MoeConfig.NONE), TINY.weights(), "cannot run on TornadoVM", "25 and 24", "even");
  }

  @Test
  void moreExpertsOrGroupsThanTheRouterTakes() {
    RouterConfig router = CONFIG.moe().router();
    var experts = new MoeConfig(Router.MAX_EXPERTS + 1, 2, 32, 0, 0, router);
    refuses(with(CONFIG.attention(), experts), TINY.weights(), "cannot run on TornadoVM");
    var grouped =
        new RouterConfig(
            router.score(), router.renormalized(), router.scale(), Router.MAX_GROUPS + 1, 1);
    var groups = new MoeConfig(2 * Router.MAX_GROUPS + 2, 2, 32, 0, 0, grouped);
    refuses(with(CONFIG.attention(), groups), TINY.weights(), "cannot run on TornadoVM");
  }

  @Test
  void rowsThatAreNoWholeNumberOfUnits() {
    int width = CONFIG.embedding();
    var random = new Random(3);
    Matrix in = TestMatrix.random(GgmlType.F16, 40, width, 1, random).matrix();
    Matrix down = TestMatrix.random(GgmlType.F16, width, 40, 1, random).matrix();
    refuses(CONFIG, with(new FeedForward.Dense(in, in, down)), "cannot run on TornadoVM", "40");
  }

  /** Weights that no one reads, as the sizes alone are too much. */
  @Test
  void moreWeightsThanAnArrayHolds() {
    int width = CONFIG.embedding();
    int rows = Integer.MAX_VALUE / width + 1;
    ModelWeights tiny = TINY.weights();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(4);
      Matrix table = new Matrix(GgmlType.F32, rows, width, one);
      var weights = new ModelWeights(table, tiny.layers(), tiny.outputNorm(), tiny.output());
      refuses(CONFIG, weights, "floats, more than one device array holds");
    }
  }

  private static ModelWeights with(FeedForward network) {
    ModelWeights tiny = TINY.weights();
    List<LayerWeights> layers = new ArrayList<>(tiny.layers());
    LayerWeights first = layers.getFirst();
    layers.set(
        0,
        new LayerWeights(
            first.attentionNorm(), first.attention(), first.feedForwardNorm(), network));
    return new ModelWeights(tiny.embedding(), layers, tiny.outputNorm(), tiny.output());
  }

  /** The backend itself, on whatever device there is. */
  public static final class OnAnyDevice implements Backend {
    private final Backend backend = new TornadoBackend();

    @Override
    public String name() {
      return "on-any-device";
    }

    @Override
    public String description() {
      return backend.description();
    }

    @Override
    public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
      return backend.open(config, weights, threads);
    }
  }

  @Test
  void autoTakesTheProcessorAndSaysWhatTheDeviceLacks() throws IOException {
    Logger logger = Logger.getLogger(BackendRegistry.class.getName());
    List<String> said = new ArrayList<>();
    logger.setLevel(Level.FINE);
    logger.setFilter(
        entry -> {
          said.add(new SimpleFormatter().formatMessage(entry));
          return false;
        });
    try (var _ = new BackendPath(folder, OnAnyDevice.class)) {
      ModelOptions fits = ModelOptions.defaults();
      try (Engine engine = Engine.open(DEMO, fits)) {
        assertThat(engine.backend()).isEqualTo("on-any-device");
      }
      assertThat(said).isEmpty();
      try (Engine engine = Engine.open(DEMO, fits.withContext(1 << 26))) {
        assertThat(engine.backend()).isEqualTo("cpu");
      }
      assertThat(said)
          .singleElement()
          .asString()
          .startsWith("Backend on-any-device skipped, it cannot open the model: The device has ")
          .contains("sessions, by their context");
    } finally {
      logger.setFilter(null);
      logger.setLevel(null);
    }
  }
}
