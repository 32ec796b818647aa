package io.foregate.engine;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.backend.Sequence;
import io.foregate.engine.experts.ExpertMovement;
import io.foregate.engine.experts.ExpertRunner;
import io.foregate.engine.experts.LoadedModel;
import io.foregate.engine.experts.Offload;
import io.foregate.engine.experts.ResidentRunner;
import io.foregate.error.ForegateException;
import io.foregate.files.MappedFault;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.ModelOptions;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.store.BuildListener;
import io.foregate.store.layout.PackedLayers;
import io.foregate.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * A model opened on a backend. Owns the mapped file and the device's resources; close its sessions
 * first. Opening sessions and reading facts is thread-safe.
 */
public final class Engine implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Engine.class.getName());

  private final GgufFile file;
  private final ModelConfig config;
  private final ModelWeights weights;
  private final Tokenizer tokenizer;
  private final Backend backend;
  private final BackendModel model;
  private final PackedLayers packed;
  private final DeviceLock device = new DeviceLock();
  private final Optional<Offload> offload;
  private final int context;
  private final ModelOptions options;
  private final ExpertMovement movement;
  private ModelHash hash;

  private Engine(
      GgufFile file, ModelOptions options, ExpertMovement movement, BuildListener listener) {
    this.file = file;
    this.options = options;
    this.movement = movement;
    ModelConfig read = ModelConfigReader.read(file);
    this.context = context(options, read);
    this.config = read.at(context);
    this.weights = ModelReader.read(file, config);
    this.tokenizer = Tokenizer.of(file.metadata());
    if (tokenizer.size() != config.vocabulary()) {
      throw new ForegateException(
          "%s: the tokenizer has %d tokens, the embedding table %d rows."
              .formatted(file.path(), tokenizer.size(), config.vocabulary()),
          "The file contradicts itself: convert the model again, or get another copy.");
    }
    BackendRegistry.Opened opened =
        BackendRegistry.find()
            .open(options.backend(), config, weights, options.threads(), this::requireRoom);
    this.backend = opened.backend();
    this.model = opened.model();
    this.packed = PackedLayers.of(weights.layers(), model.expertLayout());
    tellOfUnpacked();
    this.offload = offload(weights, listener);
  }

  private void requireRoom(BackendModel candidate) {
    PackedLayers packed = PackedLayers.of(weights.layers(), candidate.expertLayout());
    if (isResident(packed)) {
      candidate.requireRoom(packed.count() * config.experts(), context, options.kvType());
    } else {
      ExpertMovement fitting = Offload.fitting(movement, left(candidate));
      candidate.requireRoom(
          Offload.slots(config, packed, candidate, fitting), context, options.kvType());
    }
  }

  /** What experts may take of a device, as it is when that is asked. */
  private LongSupplier left(BackendModel on) {
    return () -> on.memoryForExperts(context, options.kvType()).orElseThrow(SlotBudget::noDevice);
  }

  /** Whether no expert ever moves. */
  private boolean isResident(PackedLayers packed) {
    return packed.count() == 0 || movement.policy().keepsAll();
  }

  private void tellOfUnpacked() {
    if (packed.unpacked() > 0) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "The experts of {0} of {1} layers run on the CPU: backend {2} has no kernels for"
              + " their types ({3}).",
          packed.unpacked(),
          config.routedLayers(),
          backend.name(),
          packed.foreignTypes());
    }
  }

  private Optional<Offload> offload(ModelWeights weights, BuildListener listener) {
    try {
      if (isResident(packed)) {
        requireNoTimeline();
        return Optional.empty();
      }
      return Optional.of(
          Offload.open(
              new LoadedModel(file, config, weights, model), movement, left(model), listener));
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** Whoever waits for a file should not wait in vain. */
  private void requireNoTimeline() {
    Optional<Path> timeline = movement.options().timeline();
    if (timeline.isPresent()) {
      throw new ForegateException(
          "%s: there is no timeline to write where all experts are resident."
              .formatted(timeline.get()),
          "Choose how experts of a Mixture-of-Experts model move, e.g. [[policy=lookahead]].");
    }
  }

  /**
   * Opens a GGUF file.
   *
   * @throws ForegateException when the file, the architecture or an option is not usable
   */
  public static Engine open(Path path, ModelOptions options) {
    return open(path, options, BuildListener.NONE);
  }

  /**
   * As {@link #open(Path, ModelOptions)}.
   *
   * @param listener told how the expert store is built, which takes its time for a large model
   */
  public static Engine open(Path path, ModelOptions options, BuildListener listener) {
    return open(path, options, ExpertMovement.of(options.offloading()), listener);
  }

  /**
   * As {@link #open(Path, ModelOptions)}, for experiments.
   *
   * @param movement how experts move, whatever the options say of it
   */
  public static Engine open(Path path, ModelOptions options, ExpertMovement movement) {
    return open(path, options.withOffloading(movement.options()), movement, BuildListener.NONE);
  }

  private static Engine open(
      Path path, ModelOptions options, ExpertMovement movement, BuildListener listener) {
    checkThreads(options.threads());
    GgufFile file = GgufFile.open(path);
    try {
      return new Engine(file, options, movement, listener);
    } catch (RuntimeException | Error e) {
      file.close();
      throw MappedFault.rethrow(e, file.faulty());
    }
  }

  private static void checkThreads(int threads) {
    if (threads < 0 || threads > ModelOptions.MAX_THREADS) {
      throw new ForegateException(
          "The number of compute threads is %d, expected 0 (one per core) to %d."
              .formatted(threads, ModelOptions.MAX_THREADS),
          "More threads than cores are no faster: this process may use %d cores."
              .formatted(Runtime.getRuntime().availableProcessors()));
    }
  }

  private static int context(ModelOptions options, ModelConfig config) {
    if (options.context() < 0) {
      throw new ForegateException(
          "The context is %d positions, expected more than 0.".formatted(options.context()),
          "Choose a context up to the model's %d.".formatted(config.contextLength()));
    }
    return options.context() > 0
        ? options.context()
        : Math.min(config.contextLength(), ModelOptions.DEFAULT_CONTEXT_LIMIT);
  }

  /** The model's file. */
  public GgufFile file() {
    return file;
  }

  /** The model's hash; the first call reads some tens of megabytes. */
  public synchronized ModelHash modelHash() {
    if (hash == null) {
      hash = ModelHash.of(file);
    }
    return hash;
  }

  /** The model's sizes and constants. */
  public ModelConfig config() {
    return config;
  }

  /** Views of the model's weights, valid while it is open. */
  public ModelWeights weights() {
    return weights;
  }

  /** The model's tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** What it was opened with. */
  public ModelOptions options() {
    return options;
  }

  /** Positions of a session. */
  public int context() {
    return context;
  }

  /** Compute threads in use. */
  public int threads() {
    return model.threads();
  }

  /** The backend's name. */
  public String backend() {
    return backend.name();
  }

  /** The device that the backend computes on, in one line. */
  public String device() {
    return backend.description();
  }

  /**
   * A new, empty session.
   *
   * @throws IllegalStateException when the model has been closed
   */
  public Session newSession() {
    device.requireOpen();
    Sequence sequence = model.newSequence(context, options.kvType());
    try {
      ExpertRunner runner =
          offload.isPresent()
              ? offload.get().runner(sequence)
              : new ResidentRunner(sequence, model, config, packed);
      return new Session(config, sequence, runner, device, file::faulty);
    } catch (RuntimeException | Error e) { // no gates for it, or no heap for what it remembers
      sequence.close();
      throw MappedFault.rethrow(e, file.faulty());
    }
  }

  /** What the scheduler did since the model was opened; empty where all experts are resident. */
  public Optional<ScheduleStatistics> scheduleStatistics() {
    return offload.map(Offload::statistics);
  }

  /**
   * Fails before work is begun that could not be finished.
   *
   * @throws IllegalStateException when the model has been closed
   */
  public void requireOpen() {
    device.requireOpen();
  }

  /** Waits for the batch that is being computed, if any. Closing twice does nothing. */
  @Override
  public void close() {
    device.close(
        () -> {
          try (file;
              model) {
            offload.ifPresent(Offload::close);
          }
        });
  }
}
