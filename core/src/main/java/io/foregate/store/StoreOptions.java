package io.foregate.store;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How the experts are to be kept.
 *
 * @param tier where
 * @param lock whether their memory is to be locked against swapping; where the system forbids it,
 *     the store warns once and goes on
 * @param folder where the file is to be, if there is one; empty for the model's own folder
 * @param threads threads that build the store, 1 or more
 */
public record StoreOptions(TierChoice tier, boolean lock, Optional<Path> folder, int threads) {
  public StoreOptions {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " threads, expected 1 or more");
    }
  }

  /** {@code auto}, not locked, beside the model, built by one thread per core. */
  public static StoreOptions defaults() {
    return new StoreOptions(
        TierChoice.AUTO, false, Optional.empty(), Runtime.getRuntime().availableProcessors());
  }

  /**
   * The same from words.
   *
   * @param tier as {@link TierChoice#of} takes it
   * @throws io.foregate.error.ForegateException if there is no such tier
   */
  public static StoreOptions of(String tier, Optional<Path> folder, boolean lock) {
    return new StoreOptions(TierChoice.of(tier), lock, folder, defaults().threads());
  }

  public StoreOptions withTier(TierChoice choice) {
    return new StoreOptions(choice, lock, folder, threads);
  }

  public StoreOptions withLock(boolean locked) {
    return new StoreOptions(tier, locked, folder, threads);
  }

  public StoreOptions withFolder(Path path) {
    return new StoreOptions(tier, lock, Optional.of(path), threads);
  }

  public StoreOptions withThreads(int count) {
    return new StoreOptions(tier, lock, folder, count);
  }
}
