package io.foregate.tornado;

import io.foregate.error.ForegateException;
import io.foregate.placement.DeviceBudget;
import java.util.Locale;

/**
 * What a model wants to have on a device, in bytes, before any of it is claimed.
 *
 * @param budget the device's memory, and what of it goes to all but experts
 * @param arrayBytes the largest array that it can hold, which all experts must fit into
 * @param slots experts that fit at a time
 * @param slotBytes of one of them
 */
record MemoryPlan(DeviceBudget budget, long arrayBytes, int slots, long slotBytes) {

  MemoryPlan withDense(long bytes) {
    return new MemoryPlan(budget.withDense(bytes), arrayBytes, slots, slotBytes);
  }

  MemoryPlan withSlots(int count, long bytes) {
    return new MemoryPlan(budget, arrayBytes, count, bytes);
  }

  /** With a sequence more. */
  MemoryPlan plus(long kvCache, long scratch) {
    return new MemoryPlan(budget.plus(kvCache, scratch), arrayBytes, slots, slotBytes);
  }

  /** What experts may take. */
  long left() {
    return Math.clamp(budget.left(), 0, arrayBytes);
  }

  private long expertBytes() {
    return Math.multiplyExact(slots, slotBytes);
  }

  /** All that was asked for, and the driver's part. */
  private long total() {
    return budget.device() - budget.left() + expertBytes();
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
          "At most %d fit ([[policy=lookahead]], [[slots=N]]).".formatted(arrayBytes / slotBytes));
    }
    if (expertBytes() > budget.left()) {
      throw new ForegateException(
          "The device has %s, and the model would need %s:\n%s"
              .formatted(size(budget.device()), size(total()), table()),
          "Give experts fewer slots ([[policy=lookahead]], [[slots=N]]), take a shorter [[context]]"
              + ", or choose [[backend=cpu]].");
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
          "Take a shorter [[context]], a [[KV cache=F16]], or [[backend=cpu]].");
    }
  }

  private String table() {
    return row("weights of every token", budget.dense())
        + row(slots + " experts in slots", expertBytes())
        + row("sessions, by their context", budget.kvCache() + budget.scratch())
        + row("left to the driver", budget.reserve());
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
