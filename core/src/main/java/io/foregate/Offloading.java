package io.foregate;

import io.foregate.engine.ExpertOptions;
import java.nio.file.Path;
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
 * @param gates lookahead gates that {@code foregate align} made; empty for those beside the model,
 *     or untrained ones if there are none
 * @param store where the host keeps experts: {@code ram}, {@code file}, or {@code auto}
 * @param storeFolder for the store's file; empty for the model's own folder
 * @param lock whether the host's experts are locked in memory
 * @param oracleTrace for policy {@code oracle}: recorded routing of the very text that is run
 * @param timeline a file for what the scheduler did, in Chrome's trace format
 */
public record Offloading(
    String policy,
    String slots,
    double linkGbps,
    Optional<Path> gates,
    String store,
    Optional<Path> storeFolder,
    boolean lock,
    Optional<Path> oracleTrace,
    Optional<Path> timeline) {

  /** All experts on the device. */
  public static Offloading resident() {
    return new Offloading(
        "resident",
        "50%",
        0,
        Optional.empty(),
        "auto",
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Experts on the device as far as they fit, the others copied there just before they are needed.
   *
   * @param slots how many ({@code 24}), a share of them ({@code 25%}) or a size ({@code 6GiB})
   */
  public static Offloading lookahead(String slots) {
    return resident().withPolicy("lookahead").withSlots(slots);
  }

  public Offloading withPolicy(String value) {
    return new Offloading(
        value, slots, linkGbps, gates, store, storeFolder, lock, oracleTrace, timeline);
  }

  public Offloading withSlots(String value) {
    return new Offloading(
        policy, value, linkGbps, gates, store, storeFolder, lock, oracleTrace, timeline);
  }

  public Offloading withLinkGbps(double value) {
    return new Offloading(
        policy, slots, value, gates, store, storeFolder, lock, oracleTrace, timeline);
  }

  public Offloading withGates(Path value) {
    return new Offloading(
        policy,
        slots,
        linkGbps,
        Optional.of(value),
        store,
        storeFolder,
        lock,
        oracleTrace,
        timeline);
  }

  ExpertOptions toEngine() {
    return ExpertOptions.of(
        policy, slots, linkGbps, gates, store, storeFolder, lock, oracleTrace, timeline);
  }
}
