package io.foregate.engine;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.backend.Sequence;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelConfigReader;
import io.foregate.model.ModelReader;
import io.foregate.model.ModelWeights;
import io.foregate.schedule.Policy;
import io.foregate.schedule.ScheduleStatistics;
import io.foregate.schedule.SlotBudget;
import io.foregate.store.BuildListener;
import io.foregate.store.PackedLayers;
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
  private final Device device = new Device();
  private final Optional<Offload> offload;
  private final int context;
  private final EngineOptions options;
  private ModelHash hash;

  private Engine(GgufFile file, EngineOptions options, BuildListener listener) {
    this.file = file;
    this.options = options;
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
    Backends.Opened opened =
        Backends.find()
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
      ExpertOptions fitting = Offload.fitting(options.experts(), left(candidate));
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
    return packed.count() == 0
        || options.experts().policy().prefetch() == Policy.Prefetch.EVERYTHING;
  }

  private void tellOfUnpacked() {
    if (packed.unpacked() > 0) {
      LOG.log(
          System.Logger.Level.WARNING,
          "The experts of {0} of {1} layers run on the processor: backend {2} has no kernels for"
              + " their types ({3}).",
          packed.unpacked(),
          config.routedLayers(),
          backend.name(),
          packed.foreignTypes());
    }
  }

  private Optional<Offload> offload(ModelWeights weights, BuildListener listener) {
    ExpertOptions experts = options.experts();
    try {
      if (isResident(packed)) {
        requireNoTimeline(experts);
        return Optional.empty();
      }
      return Optional.of(
          Offload.open(file, config, weights, model, experts, left(model), listener));
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** Whoever waits for a file should not wait in vain. */
  private static void requireNoTimeline(ExpertOptions experts) {
    if (experts.timeline().isPresent()) {
      throw new ForegateException(
          "%s: there is no timeline to write where all experts are resident."
              .formatted(experts.timeline().get()),
          "Choose how experts of a Mixture-of-Experts model move, e.g. --policy lookahead.");
    }
  }

  /**
   * Opens a GGUF file.
   *
   * @throws ForegateException when the file, the architecture or an option is not usable
   */
  public static Engine open(Path path, EngineOptions options) {
    return open(path, options, BuildListener.NONE);
  }

  /**
   * As {@link #open(Path, EngineOptions)}.
   *
   * @param listener told how the expert store is built, which takes its time for a large model
   */
  public static Engine open(Path path, EngineOptions options, BuildListener listener) {
    checkThreads(options.threads());
    GgufFile file = GgufFile.open(path);
    try {
      return new Engine(file, options, listener);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static void checkThreads(int threads) {
    if (threads < 0 || threads > EngineOptions.MAX_THREADS) {
      throw new ForegateException(
          "The number of compute threads is %d, expected 0 (one per core) to %d."
              .formatted(threads, EngineOptions.MAX_THREADS),
          "More threads than cores are no faster: this process may use %d cores."
              .formatted(Runtime.getRuntime().availableProcessors()));
    }
  }

  private static int context(EngineOptions options, ModelConfig config) {
    if (options.context() < 0) {
      throw new ForegateException(
          "The context is %d positions, expected more than 0.".formatted(options.context()),
          "Choose a context up to the model's %d.".formatted(config.contextLength()));
    }
    return options.context() > 0
        ? options.context()
        : Math.min(config.contextLength(), EngineOptions.DEFAULT_CONTEXT_LIMIT);
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
  public EngineOptions options() {
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
      return new Session(config, sequence, runner, device, file.path().toString());
    } catch (RuntimeException | Error e) { // no gates for it, or no heap for what it remembers
      sequence.close();
      throw e;
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
