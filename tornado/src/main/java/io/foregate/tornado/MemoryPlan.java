package io.foregate.tornado;

import io.foregate.error.ForegateException;
import java.util.Locale;

/**
 * What a model wants to have on a device, in bytes, before any of it is claimed.
 *
 * @param deviceBytes memory of the device
 * @param arrayBytes the largest array that it can hold, which all experts must fit into
 * @param dense weights that every token needs
 * @param slots experts that fit at a time
 * @param slotBytes of one of them
 * @param sequences KV caches and activations
 */
record MemoryPlan(
    long deviceBytes, long arrayBytes, long dense, int slots, long slotBytes, long sequences) {
  /** The part of a device that is left to its driver: one in so many. */
  private static final int RESERVE = 16;

  MemoryPlan withDense(long bytes) {
    return new MemoryPlan(deviceBytes, arrayBytes, bytes, slots, slotBytes, sequences);
  }

  MemoryPlan withSlots(int count, long bytes) {
    return new MemoryPlan(deviceBytes, arrayBytes, dense, count, bytes, sequences);
  }

  MemoryPlan withSequences(long bytes) {
    return new MemoryPlan(deviceBytes, arrayBytes, dense, slots, slotBytes, bytes);
  }

  /**
   * What experts may take, beside all else and a sequence more; drivers need some for themselves.
   */
  long left(long sequence) {
    long free = deviceBytes - deviceBytes / RESERVE - dense - sequences - sequence;
    return Math.clamp(free, 0, arrayBytes);
  }

  private long expertBytes() {
    return Math.multiplyExact(slots, slotBytes);
  }

  private long total() {
    return dense + expertBytes() + sequences;
  }

  /**
   * Checks that it fits.
   *
   * @throws ForegateException with a table of what needs how much, if it does not
   */
  void require() {
    if (expertBytes() > arrayBytes) {
      throw new ForegateException(
          "%d experts take %s, and the device holds no array beyond %s."
              .formatted(slots, size(expertBytes()), size(arrayBytes)),
          "At most %d fit (--policy lookahead --expert-slots N)."
              .formatted(arrayBytes / slotBytes));
    }
    if (total() > deviceBytes) {
      throw new ForegateException(
          "The device has %s, and the model would need %s:\n%s"
              .formatted(size(deviceBytes), size(total()), table()),
          "Give experts fewer slots (--policy lookahead --expert-slots N), take a shorter context"
              + " (--ctx), or choose --backend cpu.");
    }
  }

  /**
   * Checks that a sequence's keys and values fit an array, which they share.
   *
   * @param context their positions
   * @throws ForegateException if they do not
   */
  void requireCache(int context, long bytes) {
    if (bytes > arrayBytes) {
      throw new ForegateException(
          "Keys and values of %d positions take %s, and the device holds no array beyond %s."
              .formatted(context, size(bytes), size(arrayBytes)),
          "Take a shorter context (--ctx), --kv-type F16, or --backend cpu.");
    }
  }

  private String table() {
    return row("weights of every token", dense)
        + row(slots + " experts (--expert-slots)", expertBytes())
        + row("sessions (--ctx)", sequences);
  }

  private static String row(String what, long bytes) {
    return String.format(Locale.ROOT, "  %-28s %12s%n", what, size(bytes));
  }

  private static String size(long bytes) {
    return bytes >= 1L << 30
        ? String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30))
        : String.format(Locale.ROOT, "%.2f MiB", bytes / (double) (1L << 20));
  }
}
