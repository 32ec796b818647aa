package io.foregate.options;

import java.util.Objects;

/**
 * How to open a model. Start from {@link #defaults()}.
 *
 * @param threads compute threads, at most {@value #MAX_THREADS}; 0 for one per core
 * @param context the most tokens of prompt and answer together; 0 for the model's own context, at
 *     most {@value #DEFAULT_CONTEXT_LIMIT}
 * @param kvType element type of the KV cache
 * @param backend what computes
 * @param offloading where experts are kept, and how they come to the device
 */
public record ModelOptions(
    int threads, int context, KvType kvType, BackendName backend, Offloading offloading) {

  /** The longest context that a model gets without being asked for. */
  public static final int DEFAULT_CONTEXT_LIMIT = 4096;

  /** The most compute threads: far more than help, far fewer than exhaust a machine. */
  public static final int MAX_THREADS = 1024;

  /** Refuses {@code null}, by the name of what is. */
  public ModelOptions {
    Objects.requireNonNull(kvType, "kvType");
    Objects.requireNonNull(backend, "backend");
    Objects.requireNonNull(offloading, "offloading");
  }

  /** One thread per core, the model's context, F16, the best backend, all experts resident. */
  public static ModelOptions defaults() {
    return new ModelOptions(0, 0, KvType.F16, BackendName.AUTO, Offloading.resident());
  }

  public ModelOptions withThreads(int value) {
    return new ModelOptions(value, context, kvType, backend, offloading);
  }

  public ModelOptions withContext(int value) {
    return new ModelOptions(threads, value, kvType, backend, offloading);
  }

  public ModelOptions withKvType(KvType value) {
    Objects.requireNonNull(value, "value");
    return new ModelOptions(threads, context, value, backend, offloading);
  }

  public ModelOptions withBackend(BackendName value) {
    Objects.requireNonNull(value, "value");
    return new ModelOptions(threads, context, kvType, value, offloading);
  }

  /** As {@link #withBackend(BackendName)}; upper and lower case are the same. */
  public ModelOptions withBackend(String value) {
    Objects.requireNonNull(value, "value");
    return withBackend(new BackendName(value));
  }

  public ModelOptions withOffloading(Offloading value) {
    Objects.requireNonNull(value, "value");
    return new ModelOptions(threads, context, kvType, backend, value);
  }
}
