package io.foregate.engine;

import io.foregate.error.ForegateException;
import io.foregate.gate.ExpertPredictor;
import io.foregate.schedule.Policy;
import io.foregate.schedule.SlotBudget;
import io.foregate.store.StoreOptions;
import io.foregate.store.TierChoice;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where experts are kept, and how they come to the device.
 *
 * @param policy how they are cached and moved; with {@link Policy#resident} nothing else here is
 *     looked at
 * @param slots device memory for experts
 * @param linkGbps GB/s of the link to the device, where it is an imitation; 0 for as fast as it is
 * @param gates lookahead gates; empty for the file beside the model, or untrained ones if there is
 *     none
 * @param store how experts are kept in host memory
 * @param trace recorded routing of the very text that is going to be fed; {@link Policy#oracle}
 *     looks the future up in it
 * @param timeline a file for what the scheduler did, in Chrome's trace format
 * @param predictors makes the predictor of each session, whatever the policy says: for replaying
 *     recorded scores
 */
public record ExpertOptions(
    Policy policy,
    SlotBudget slots,
    double linkGbps,
    Optional<Path> gates,
    StoreOptions store,
    Optional<Path> trace,
    Optional<Path> timeline,
    Optional<Supplier<ExpertPredictor>> predictors) {

  /** Device memory that offloading policies get without being asked for: half of the experts. */
  public static final SlotBudget DEFAULT_SLOTS = new SlotBudget.Percent(50);

  /** All experts resident. */
  public static ExpertOptions defaults() {
    return new ExpertOptions(
        Policy.resident(),
        DEFAULT_SLOTS,
        0,
        Optional.empty(),
        StoreOptions.defaults(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * The same from words.
   *
   * @throws io.foregate.error.ForegateException when one of them means nothing
   */
  public static ExpertOptions of(
      String policy,
      String slots,
      double linkGbps,
      Optional<Path> gates,
      String store,
      Optional<Path> storeFolder,
      boolean lock,
      Optional<Path> trace,
      Optional<Path> timeline) {
    if (!(linkGbps >= 0 && linkGbps < Double.POSITIVE_INFINITY)) {
      throw new ForegateException(
          "The link's speed is %s GB/s, expected 0 or more.".formatted(linkGbps),
          "16 GB/s is a fast PCIe 3 link; 0 is as fast as memory.");
    }
    StoreOptions kept =
        StoreOptions.defaults()
            .withTier(TierChoice.of(store.toLowerCase(Locale.ROOT)))
            .withLock(lock);
    return new ExpertOptions(
        Policy.named(policy.toLowerCase(Locale.ROOT)),
        SlotBudget.parse(slots),
        linkGbps,
        gates,
        storeFolder.map(kept::withFolder).orElse(kept),
        trace,
        timeline,
        Optional.empty());
  }

  public ExpertOptions withPolicy(Policy value) {
    return new ExpertOptions(value, slots, linkGbps, gates, store, trace, timeline, predictors);
  }

  public ExpertOptions withSlots(SlotBudget value) {
    return new ExpertOptions(policy, value, linkGbps, gates, store, trace, timeline, predictors);
  }

  public ExpertOptions withLinkGbps(double value) {
    return new ExpertOptions(policy, slots, value, gates, store, trace, timeline, predictors);
  }

  public ExpertOptions withStore(StoreOptions value) {
    return new ExpertOptions(policy, slots, linkGbps, gates, value, trace, timeline, predictors);
  }

  public ExpertOptions withPredictors(Supplier<ExpertPredictor> value) {
    return new ExpertOptions(
        policy, slots, linkGbps, gates, store, trace, timeline, Optional.of(value));
  }
}
