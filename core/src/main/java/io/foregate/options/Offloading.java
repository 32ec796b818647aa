package io.foregate.options;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Where a model's experts are kept, and how they come to the device. Start from {@link #resident}
 * or {@link #lookahead}.
 *
 * @param policy {@code resident} (all on the device), {@code lookahead} (as many as {@code slots}
 *     says, the others copied there just before they are needed), or another one that {@code
 *     foregate run --help} lists; nothing else here matters to {@code resident}
 * @param slots device memory for experts
 * @param link how copies come to the device
 * @param store where the host keeps experts
 * @param gates lookahead gates that {@code foregate align} made; empty for those beside the model,
 *     or untrained ones if there are none
 * @param oracleTrace for policy {@code oracle}: recorded routing of the very text that is run
 * @param timeline a file for what the scheduler did, in Chrome's trace format
 */
public record Offloading(
    PolicyName policy,
    SlotBudget slots,
    Link link,
    HostStore store,
    Optional<Path> gates,
    Optional<Path> oracleTrace,
    Optional<Path> timeline) {

  /** Refuses {@code null}, by the name of what is. */
  public Offloading {
    Objects.requireNonNull(policy, "policy");
    Objects.requireNonNull(slots, "slots");
    Objects.requireNonNull(link, "link");
    Objects.requireNonNull(store, "store");
    Objects.requireNonNull(gates, "gates");
    Objects.requireNonNull(oracleTrace, "oracleTrace");
    Objects.requireNonNull(timeline, "timeline");
  }

  /** All experts on the device. */
  public static Offloading resident() {
    return of(PolicyName.RESIDENT, SlotBudget.standard());
  }

  /** Experts on the device as far as they fit, the others copied just before they are needed. */
  public static Offloading lookahead(SlotBudget slots) {
    return of(PolicyName.LOOKAHEAD, slots);
  }

  /**
   * As {@link #lookahead(SlotBudget)}.
   *
   * @param slots as {@link SlotBudget#parse} takes it: how many ({@code 24}), a share of them
   *     ({@code 25%}), a size ({@code 6GiB}), or {@code auto}
   * @throws io.foregate.error.ForegateException if that is no amount of memory
   */
  public static Offloading lookahead(String slots) {
    Objects.requireNonNull(slots, "slots");
    return lookahead(SlotBudget.parse(slots));
  }

  /** A policy with an amount of device memory. */
  public static Offloading of(PolicyName policy, SlotBudget slots) {
    return new Offloading(
        policy,
        slots,
        Link.DEFAULT,
        HostStore.auto(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * As {@link #of(PolicyName, SlotBudget)}.
   *
   * @throws io.foregate.error.ForegateException if {@code slots} is no amount of memory
   */
  public static Offloading of(String policy, String slots) {
    Objects.requireNonNull(policy, "policy");
    Objects.requireNonNull(slots, "slots");
    return of(new PolicyName(policy), SlotBudget.parse(slots));
  }

  public Offloading withSlots(SlotBudget value) {
    Objects.requireNonNull(value, "value");
    return new Offloading(policy, value, link, store, gates, oracleTrace, timeline);
  }

  public Offloading withLink(Link value) {
    Objects.requireNonNull(value, "value");
    return new Offloading(policy, slots, value, store, gates, oracleTrace, timeline);
  }

  public Offloading withLinkGbps(double value) {
    return withLink(new Link(value, link.engine()));
  }

  public Offloading withCopyEngine(String value) {
    Objects.requireNonNull(value, "value");
    return withLink(new Link(link.gbps(), value));
  }

  public Offloading withStore(HostStore value) {
    Objects.requireNonNull(value, "value");
    return new Offloading(policy, slots, link, value, gates, oracleTrace, timeline);
  }

  public Offloading withGates(Path value) {
    Objects.requireNonNull(value, "value");
    return new Offloading(policy, slots, link, store, Optional.of(value), oracleTrace, timeline);
  }

  public Offloading withOracleTrace(Path value) {
    Objects.requireNonNull(value, "value");
    return new Offloading(policy, slots, link, store, gates, Optional.of(value), timeline);
  }

  public Offloading withTimeline(Path value) {
    Objects.requireNonNull(value, "value");
    return new Offloading(policy, slots, link, store, gates, oracleTrace, Optional.of(value));
  }
}
