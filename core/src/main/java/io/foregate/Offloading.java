package io.foregate;

import io.foregate.backend.Link;
import io.foregate.engine.ExpertOptions;
import io.foregate.engine.PredictionOptions;
import io.foregate.schedule.Policy;
import io.foregate.schedule.SlotBudget;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a model's experts are kept, and how they come to the device. Start from {@link #resident}
 * or {@link #lookahead}.
 *
 * @param policy {@code resident} (all on the device), {@code lookahead} (as many as {@code slots}
 *     says, the others copied there just before they are needed), or another one that {@code
 *     foregate run --help} lists; nothing else here matters to {@code resident}
 * @param slots device memory for experts: how many ({@code 24}), a share of them ({@code 25%}) or a
 *     size ({@code 6GiB})
 * @param linkGbps GB/s at which the {@code cpu} backend copies experts, to imitate a device; 0 for
 *     as fast as it can
 * @param copyEngine what copies experts to a device; {@code auto} for the backend's best
 * @param store where the host keeps experts
 * @param gates lookahead gates that {@code foregate align} made; empty for those beside the model,
 *     or untrained ones if there are none
 * @param oracleTrace for policy {@code oracle}: recorded routing of the very text that is run
 * @param timeline a file for what the scheduler did, in Chrome's trace format
 */
public record Offloading(
    String policy,
    String slots,
    double linkGbps,
    String copyEngine,
    HostStore store,
    Optional<Path> gates,
    Optional<Path> oracleTrace,
    Optional<Path> timeline) {

  /** All experts on the device. */
  public static Offloading resident() {
    return of("resident", "50%");
  }

  /**
   * Experts on the device as far as they fit, the others copied there just before they are needed.
   *
   * @param slots how many ({@code 24}), a share of them ({@code 25%}) or a size ({@code 6GiB})
   */
  public static Offloading lookahead(String slots) {
    return of("lookahead", slots);
  }

  /** A policy with an amount of device memory. */
  public static Offloading of(String policy, String slots) {
    return new Offloading(
        policy,
        slots,
        0,
        Link.AUTO,
        HostStore.auto(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  public Offloading withLinkGbps(double value) {
    return new Offloading(policy, slots, value, copyEngine, store, gates, oracleTrace, timeline);
  }

  public Offloading withCopyEngine(String value) {
    return new Offloading(policy, slots, linkGbps, value, store, gates, oracleTrace, timeline);
  }

  public Offloading withStore(HostStore value) {
    return new Offloading(policy, slots, linkGbps, copyEngine, value, gates, oracleTrace, timeline);
  }

  public Offloading withGates(Path value) {
    return new Offloading(
        policy, slots, linkGbps, copyEngine, store, Optional.of(value), oracleTrace, timeline);
  }

  public Offloading withOracleTrace(Path value) {
    return new Offloading(
        policy, slots, linkGbps, copyEngine, store, gates, Optional.of(value), timeline);
  }

  public Offloading withTimeline(Path value) {
    return new Offloading(
        policy, slots, linkGbps, copyEngine, store, gates, oracleTrace, Optional.of(value));
  }

  ExpertOptions toEngine() {
    return new ExpertOptions(
        Policy.named(policy),
        SlotBudget.parse(slots),
        new Link(linkGbps, copyEngine.toLowerCase(Locale.ROOT)),
        store.toEngine(),
        new PredictionOptions(gates, oracleTrace, Optional.empty()),
        timeline);
  }
}
