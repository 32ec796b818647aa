package io.foregate.engine;

import io.foregate.backend.Link;
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
 * @param link how experts are copied to the device
 * @param store how experts are kept in host memory
 * @param predictions what the policy's predictions are made with
 * @param timeline a file for what the scheduler did, in Chrome's trace format
 */
public record ExpertOptions(
    Policy policy,
    SlotBudget slots,
    Link link,
    StoreOptions store,
    PredictionOptions predictions,
    Optional<Path> timeline) {

  /** Device memory that offloading policies get without being asked for: half of the experts. */
  public static final SlotBudget DEFAULT_SLOTS = new SlotBudget.Percent(50);

  /** All experts resident. */
  public static ExpertOptions defaults() {
    return of(Policy.resident(), DEFAULT_SLOTS);
  }

  /** A policy with an amount of device memory, over a link as fast as it is. */
  public static ExpertOptions of(Policy policy, SlotBudget slots) {
    return new ExpertOptions(
        policy,
        slots,
        Link.DEFAULT,
        StoreOptions.defaults(),
        PredictionOptions.defaults(),
        Optional.empty());
  }

  public ExpertOptions withSlots(SlotBudget value) {
    return new ExpertOptions(policy, value, link, store, predictions, timeline);
  }

  public ExpertOptions withLink(Link value) {
    return new ExpertOptions(policy, slots, value, store, predictions, timeline);
  }

  public ExpertOptions withLinkGbps(double value) {
    return withLink(new Link(value, link.engine()));
  }

  public ExpertOptions withStore(StoreOptions value) {
    return new ExpertOptions(policy, slots, link, value, predictions, timeline);
  }

  public ExpertOptions withPredictions(PredictionOptions value) {
    return new ExpertOptions(policy, slots, link, store, value, timeline);
  }

  public ExpertOptions withTimeline(Path value) {
    return new ExpertOptions(policy, slots, link, store, predictions, Optional.of(value));
  }
}
