package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.cli.TinyGguf;
import io.foregate.error.ForegateException;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backends found through a class path that names broken ones. */
class BackendRegistryTest {
  /** Loads, and cannot open anything: a backend without its device. */
  public static final class WithoutDevice implements Backend {
    @Override
    public String name() {
      return "without-device";
    }

    @Override
    public String description() {
      return "a backend for a test";
    }

    @Override
    public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
      throw new ForegateException("There is no device.", "Buy one.");
    }
  }

  /** Cannot be made. */
  public static final class Unmakeable implements Backend {
    public Unmakeable() {
      throw new UnsatisfiedLinkError("no libdevice");
    }

    @Override
    public String name() {
      throw new AssertionError();
    }

    @Override
    public String description() {
      throw new AssertionError();
    }

    @Override
    public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
      throw new AssertionError();
    }
  }

  /** Could open a model, but is slower than the CPU. */
  public static final class Slow implements Backend {
    @Override
    public String name() {
      return "slow";
    }

    @Override
    public String description() {
      return "a backend for a test";
    }

    @Override
    public Optional<String> whyNotAutomatic() {
      return Optional.of("it is slow");
    }

    @Override
    public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
      throw new ForegateException("The slow backend was asked.", "Do not.");
    }
  }

  /** Opens models, for which its device then has no room. */
  public static final class Small implements Backend {
    @Override
    public String name() {
      return "small";
    }

    @Override
    public String description() {
      return "a backend for a test";
    }

    @Override
    public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
      BackendModel model = new CpuBackend().open(config, weights, threads);
      return (BackendModel)
          Proxy.newProxyInstance(
              BackendModel.class.getClassLoader(),
              new Class<?>[] {BackendModel.class},
              (proxy, method, args) -> {
                if (method.getName().equals("requireRoom")) {
                  throw new ForegateException(
                      "No room for %s experts and %s positions.".formatted(args), "Buy more.");
                }
                return method.invoke(model, args);
              });
    }
  }

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  @TempDir private Path folder;
  private URLClassLoader loader;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  @AfterEach
  void restoreClassPath() throws IOException {
    Thread.currentThread().setContextClassLoader(before);
    if (loader != null) {
      loader.close();
    }
  }

  @Test
  void brokenProvidersDoNotHideTheOthers() throws IOException {
    classPathNames("no.such.Provider", Unmakeable.class.getName(), WithoutDevice.class.getName());

    BackendRegistry found = BackendRegistry.find();

    assertThat(found.usable()).extracting(Backend::name).containsExactly("without-device", "cpu");
    assertThat(found.failures())
        .satisfiesExactly(
            missing -> assertThat(missing).contains("no.such.Provider", "not found"),
            unmakeable -> assertThat(unmakeable).contains("Unmakeable", "no libdevice"));
  }

  @Test
  void aLineThatIsNoClassNameIsAFailureOfItsOwn() throws IOException {
    classPathNames("this is no class name");

    BackendRegistry found = BackendRegistry.find();

    assertThat(found.usable()).extracting(Backend::name).containsExactly("cpu");
    assertThat(found.failures()).hasSize(1).first().asString().contains("META-INF/services");
  }

  @Test
  void autoSkipsWhatDoesNotOpenAndSaysWhy() throws IOException {
    classPathNames("no.such.Provider", WithoutDevice.class.getName());
    Logger logger = Logger.getLogger(BackendRegistry.class.getName());
    List<String> said = new ArrayList<>();
    logger.setLevel(Level.FINE);
    logger.setFilter(
        entry -> {
          said.add(new SimpleFormatter().formatMessage(entry));
          return false;
        });
    try (Engine engine = Engine.open(model, ModelOptions.defaults())) {
      assertThat(engine.backend()).isEqualTo("cpu");
    } finally {
      logger.setFilter(null);
      logger.setLevel(null);
    }
    assertThat(said)
        .anyMatch(s -> s.startsWith("Backend skipped: ") && s.contains("no.such.Provider"))
        .contains("Backend without-device skipped, it cannot open the model: There is no device.");
  }

  @Test
  void autoLeavesAloneWhatSaysSo() throws IOException {
    classPathNames(Slow.class.getName());

    try (Engine engine = Engine.open(model, ModelOptions.defaults())) {
      assertThat(engine.backend()).isEqualTo("cpu");
    }
    assertThatThrownBy(() -> Engine.open(model, ModelOptions.defaults().withBackend("slow")))
        .hasMessage("The slow backend was asked.");
  }

  @Test
  void autoSkipsADeviceThatIsTooSmall() throws IOException {
    classPathNames(Small.class.getName());

    try (Engine engine = Engine.open(model, ModelOptions.defaults())) {
      assertThat(engine.backend()).isEqualTo("cpu");
      int experts = engine.config().layers() * engine.config().experts();
      ModelOptions named = ModelOptions.defaults().withBackend("small").withContext(7);
      assertThatThrownBy(() -> Engine.open(model, named))
          .hasMessage("No room for %d experts and 7 positions.", experts);
      Offloading offloading = Offloading.of("lru", Integer.toString(experts - 1));
      assertThatThrownBy(() -> Engine.open(model, named.withOffloading(offloading)))
          .hasMessage("No room for %d experts and 7 positions.", experts - 1);
    }
  }

  @Test
  void aNamedBackendIsNotReplaced() throws IOException {
    classPathNames("no.such.Provider", WithoutDevice.class.getName());

    try (Engine engine = Engine.open(model, ModelOptions.defaults().withBackend("cpu"))) {
      assertThat(engine.backend()).isEqualTo("cpu");
    }
    assertThatThrownBy(
            () -> Engine.open(model, ModelOptions.defaults().withBackend("without-device")))
        .hasMessage("There is no device.");
    assertThatThrownBy(() -> Engine.open(model, ModelOptions.defaults().withBackend("tornado")))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e ->
                assertThat(e.hint())
                    .contains("auto, without-device, cpu", "Did not load", "no.such.Provider"));
  }

  private void classPathNames(String... providers) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF").resolve("services"));
    Files.write(services.resolve(Backend.class.getName()), List.of(providers));
    loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before);
    Thread.currentThread().setContextClassLoader(loader);
  }
}
