package io.foregate;

import io.foregate.backend.KvType;
import io.foregate.engine.EngineOptions;

/**
 * How to open a model. Start from {@link #defaults()}.
 *
 * @param threads compute threads, at most 1024; 0 for one per core
 * @param context the most tokens of prompt and answer together; 0 for the model's own context, at
 *     most 4096
 * @param halfPrecisionCache whether the KV cache holds 16-bit floats (the default) or 32-bit ones
 * @param backend {@code auto}, or a backend's name ({@code cpu})
 * @param offloading where experts are kept
 */
public record ModelOptions(
    int threads, int context, boolean halfPrecisionCache, String backend, Offloading offloading) {

  /** One thread per core, the model's context up to 4096, the best backend there is. */
  public static ModelOptions defaults() {
    return new ModelOptions(0, 0, true, "auto", Offloading.resident());
  }

  public ModelOptions withThreads(int value) {
    return new ModelOptions(value, context, halfPrecisionCache, backend, offloading);
  }

  public ModelOptions withContext(int value) {
    return new ModelOptions(threads, value, halfPrecisionCache, backend, offloading);
  }

  public ModelOptions withHalfPrecisionCache(boolean value) {
    return new ModelOptions(threads, context, value, backend, offloading);
  }

  public ModelOptions withBackend(String value) {
    return new ModelOptions(threads, context, halfPrecisionCache, value, offloading);
  }

  public ModelOptions withOffloading(Offloading value) {
    return new ModelOptions(threads, context, halfPrecisionCache, backend, value);
  }

  EngineOptions toEngine() {
    KvType kvType = halfPrecisionCache ? KvType.F16 : KvType.F32;
    return new EngineOptions(threads, context, kvType, backend, offloading.toEngine());
  }
}
