package io.foregate.files;

import io.foregate.error.ForegateException;
import java.util.Optional;

/**
 * A mapped file that became shorter while it was in use. The virtual machine reports the touch of a
 * page that is no longer there as an {@link InternalError}, wherever that was: in a thread of ours,
 * or a while later, when compiled code comes to a place where it can.
 */
public final class MappedFault {
  private static final int MAX_CAUSES = 16;

  private MappedFault() {}

  /**
   * The sentence for a failure that is such a fault, or was caused by one; nothing for any other.
   *
   * @param file the mapped file
   */
  public static Optional<ForegateException> of(Throwable failure, Object file) {
    return is(failure)
        ? Optional.of(
            new ForegateException(
                file + ": the file became shorter while it was in use, or the disk failed",
                "Start again when nothing writes it; check the disk.",
                failure))
        : Optional.empty();
  }

  /** What to throw in place of a failure: the sentence where it is such a fault. */
  public static RuntimeException rethrow(Throwable failure, Object file) {
    Optional<ForegateException> told = of(failure, file);
    if (told.isPresent()) {
      return told.get();
    }
    if (failure instanceof Error error) {
      throw error;
    }
    return failure instanceof RuntimeException known ? known : new IllegalStateException(failure);
  }

  /** Whether a failure is such a fault, or was caused by one and not told as a sentence yet. */
  public static boolean is(Throwable failure) {
    Throwable at = failure;
    for (int i = 0; at != null && i < MAX_CAUSES; i++, at = at.getCause()) {
      if (at instanceof ForegateException) {
        return false;
      }
      if (at instanceof InternalError
          && String.valueOf(at.getMessage()).contains("unsafe memory access")) {
        return true;
      }
    }
    return false;
  }
}
