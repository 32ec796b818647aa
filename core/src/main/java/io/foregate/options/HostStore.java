package io.foregate.options;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Where the host keeps the experts that a device fetches. Start from {@link #auto}.
 *
 * @param tier memory or a file
 * @param folder for the file, if there is one; empty for the model's own folder
 * @param lock whether their memory is locked against swapping; where the system forbids it, the
 *     store warns once and goes on
 */
public record HostStore(TierChoice tier, Optional<Path> folder, boolean lock) {

  /** Refuses {@code null}, by the name of what is. */
  public HostStore {
    Objects.requireNonNull(tier, "tier");
    Objects.requireNonNull(folder, "folder");
  }

  /** In memory if they fit, else in a file beside the model. */
  public static HostStore auto() {
    return new HostStore(TierChoice.AUTO, Optional.empty(), false);
  }

  public HostStore withTier(TierChoice value) {
    Objects.requireNonNull(value, "value");
    return new HostStore(value, folder, lock);
  }

  /**
   * As {@link #withTier(TierChoice)}.
   *
   * @param value as {@link TierChoice#of} takes it
   * @throws io.foregate.error.ForegateException if there is no such tier
   */
  public HostStore withTier(String value) {
    Objects.requireNonNull(value, "value");
    return withTier(TierChoice.of(value));
  }

  public HostStore withFolder(Path value) {
    Objects.requireNonNull(value, "value");
    return new HostStore(tier, Optional.of(value), lock);
  }

  public HostStore withLock(boolean value) {
    return new HostStore(tier, folder, value);
  }
}
