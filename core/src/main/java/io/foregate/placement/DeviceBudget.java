package io.foregate.placement;

import io.foregate.options.KvType;

/**
 * What of a device's memory goes to whom, in bytes. Experts get what is left.
 *
 * @param device all of its memory
 * @param dense weights that every token needs, lookahead gates among them where a policy has some
 * @param kvCache keys and values of all sequences
 * @param scratch activations and the like of all sequences
 */
public record DeviceBudget(long device, long dense, long kvCache, long scratch) {

  /** The part of a device that is left to its driver: one in so many. */
  private static final int RESERVE_DIVISOR = 16;

  /** The most that is left to a driver: contexts and code do not grow with the device. */
  private static final long MAX_RESERVE = 1L << 30;

  /** A model with one sequence. */
  public static DeviceBudget of(long device, ModelSizes model, int context, KvType kvType) {
    return new DeviceBudget(
        device, model.dense(), model.kvCache(context, kvType), model.scratch(context));
  }

  /** With other weights that every token needs. */
  public DeviceBudget withDense(long bytes) {
    return new DeviceBudget(device, bytes, kvCache, scratch);
  }

  /** With a sequence more. */
  public DeviceBudget plus(long moreKvCache, long moreScratch) {
    return new DeviceBudget(device, dense, kvCache + moreKvCache, scratch + moreScratch);
  }

  /** What is left to the driver, for what it needs itself. */
  public long reserve() {
    return Math.min(MAX_RESERVE, device / RESERVE_DIVISOR);
  }

  /** What experts may take; negative by what is lacking where all else does not fit. */
  public long left() {
    return device - reserve() - dense - kvCache - scratch;
  }

  /**
   * How many experts fit.
   *
   * @param slotBytes of the largest one
   * @param experts how many there are
   */
  public int experts(long slotBytes, int experts) {
    return experts(left(), slotBytes, experts);
  }

  /**
   * How many experts fit into that many bytes; none into what is lacking.
   *
   * @param slotBytes of the largest one
   * @param experts how many there are
   */
  public static int experts(long bytes, long slotBytes, int experts) {
    return slotBytes == 0 ? 0 : (int) Math.clamp(bytes / slotBytes, 0L, (long) experts);
  }
}
