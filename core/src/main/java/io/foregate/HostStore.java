package io.foregate;

import io.foregate.store.StoreOptions;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the host keeps the experts that a device fetches. Start from {@link #auto}.
 *
 * @param tier {@code ram}, {@code file}, or {@code auto}, which takes memory if they fit
 * @param folder for the file, if there is one; empty for the model's own folder
 * @param lock whether their memory is locked against swapping
 */
public record HostStore(String tier, Optional<Path> folder, boolean lock) {

  /** In memory if they fit, else in a file beside the model. */
  public static HostStore auto() {
    return new HostStore("auto", Optional.empty(), false);
  }

  public HostStore withTier(String value) {
    return new HostStore(value, folder, lock);
  }

  public HostStore withFolder(Path value) {
    return new HostStore(tier, Optional.of(value), lock);
  }

  public HostStore withLock(boolean value) {
    return new HostStore(tier, folder, value);
  }

  StoreOptions toEngine() {
    return StoreOptions.of(tier, folder, lock);
  }
}
