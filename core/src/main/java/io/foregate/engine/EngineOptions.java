package io.foregate.engine;

import io.foregate.backend.KvType;

/**
 * How to open a model.
 *
 * @param threads compute threads, at most {@value #MAX_THREADS}; 0 for one per core
 * @param context positions of a session; 0 for the model's own context, at most {@value
 *     #DEFAULT_CONTEXT_LIMIT}
 * @param kvType element type of the KV cache
 * @param backend {@code auto}, or a backend's name
 * @param experts where experts are kept, and how they come to the device
 */
public record EngineOptions(
    int threads, int context, KvType kvType, String backend, ExpertOptions experts) {

  /** The most positions that a session gets without being asked for. */
  public static final int DEFAULT_CONTEXT_LIMIT = 4096;

  /** The most compute threads: far more than help, far fewer than exhaust a machine. */
  public static final int MAX_THREADS = 1024;

  /** One thread per core, the model's context, F16 cache, any backend, all experts resident. */
  public static EngineOptions defaults() {
    return new EngineOptions(0, 0, KvType.F16, "auto", ExpertOptions.defaults());
  }

  public EngineOptions withThreads(int value) {
    return new EngineOptions(value, context, kvType, backend, experts);
  }

  public EngineOptions withContext(int value) {
    return new EngineOptions(threads, value, kvType, backend, experts);
  }

  public EngineOptions withKvType(KvType value) {
    return new EngineOptions(threads, context, value, backend, experts);
  }

  public EngineOptions withBackend(String value) {
    return new EngineOptions(threads, context, kvType, value, experts);
  }

  public EngineOptions withExperts(ExpertOptions value) {
    return new EngineOptions(threads, context, kvType, backend, value);
  }
}
