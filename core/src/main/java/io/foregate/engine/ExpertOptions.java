package io.foregate.engine;

import io.foregate.error.ForegateException;
import io.foregate.schedule.Policy;
import io.foregate.schedule.SlotBudget;
import io.foregate.store.StoreOptions;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where experts are kept, and how they come to the device.
 *
 * @param policy how they are cached and moved; {@link Policy#resident} looks at nothing else here,
 *     and has no timeline
 * @param slots device memory for experts
 * @param linkGbps GB/s of the link to the device, where it is an imitation; 0 for as fast as it is
 * @param store how experts are kept in host memory
 * @param predictions what the policy's predictions are made with
 * @param timeline a file for what the scheduler did, in Chrome's trace format
 */
public record ExpertOptions(
    Policy policy,
    SlotBudget slots,
    double linkGbps,
    StoreOptions store,
    PredictionOptions predictions,
    Optional<Path> timeline) {

  /** Device memory that offloading policies get without being asked for: half of the experts. */
  public static final SlotBudget DEFAULT_SLOTS = new SlotBudget.Percent(50);

  /**
   * @throws ForegateException if the link's speed is none
   */
  public ExpertOptions {
    if (!(linkGbps >= 0 && linkGbps < Double.POSITIVE_INFINITY)) {
      throw new ForegateException(
          "The link's speed is %s GB/s, expected 0 or more.".formatted(linkGbps),
          "16 GB/s is a fast PCIe 3 link; 0 is as fast as memory.");
    }
  }

  /** All experts resident. */
  public static ExpertOptions defaults() {
    return of(Policy.resident(), DEFAULT_SLOTS);
  }

  /** A policy with an amount of device memory, over a link as fast as it is. */
  public static ExpertOptions of(Policy policy, SlotBudget slots) {
    return new ExpertOptions(
        policy, slots, 0, StoreOptions.defaults(), PredictionOptions.defaults(), Optional.empty());
  }

  public ExpertOptions withLinkGbps(double value) {
    return new ExpertOptions(policy, slots, value, store, predictions, timeline);
  }

  public ExpertOptions withStore(StoreOptions value) {
    return new ExpertOptions(policy, slots, linkGbps, value, predictions, timeline);
  }

  public ExpertOptions withPredictions(PredictionOptions value) {
    return new ExpertOptions(policy, slots, linkGbps, store, value, timeline);
  }

  public ExpertOptions withTimeline(Path value) {
    return new ExpertOptions(policy, slots, linkGbps, store, predictions, Optional.of(value));
  }
}
