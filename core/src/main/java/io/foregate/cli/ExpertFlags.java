package io.foregate.cli;

import io.foregate.HostStore;
import io.foregate.Offloading;
import io.foregate.backend.Link;
import io.foregate.engine.ExpertOptions;
import io.foregate.engine.PredictionOptions;
import io.foregate.schedule.Policy;
import io.foregate.schedule.SlotBudget;
import io.foregate.store.StoreOptions;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options that say where experts are kept, and how they come to the device. */
final class ExpertFlags {
  @Option(
      names = "--expert-slots",
      paramLabel = "N",
      description =
          "Device memory for experts, unless they are all resident: how many (24), a share of them"
              + " (25%%), a size (6GiB), or auto for what a device has left. Default:"
              + " ${DEFAULT-VALUE}.")
  private String slots = "50%";

  @Option(
      names = "--link-gbps",
      paramLabel = "X",
      description =
          "GB/s at which the cpu backend copies experts, to imitate a device's link; 0 for as fast"
              + " as it can. Default: ${DEFAULT-VALUE}.")
  private double linkGbps;

  @Option(
      names = "--copy-engine",
      paramLabel = "NAME",
      description =
          "What copies experts to a device, on backend tornado: cuda, enqueue or transfers (beside"
              + " kernels), synchronous (for comparison), or auto, the fastest that passes its"
              + " test. Default: ${DEFAULT-VALUE}.")
  private String copyEngine = Link.AUTO;

  @Option(
      names = "--gates",
      paramLabel = "FILE",
      description =
          "Lookahead gates that 'foregate align' made. Default: MODEL.gates.safetensors beside the"
              + " model, or untrained gates if there is none.")
  private Path gates;

  @Option(
      names = "--store",
      paramLabel = "TIER",
      description =
          "Where the host keeps experts: ram, file, or auto, which takes ram if they fit. Default:"
              + " ${DEFAULT-VALUE}.")
  private String store = "auto";

  @Option(
      names = "--store-folder",
      paramLabel = "FOLDER",
      description = "Where '--store file' puts its file. Default: beside the model.")
  private Path storeFolder;

  @Option(names = "--lock", description = "Lock the host's experts in memory against swapping.")
  private boolean lock;

  @Option(
      names = "--oracle-trace",
      paramLabel = "FILE",
      description =
          "For '--policy oracle': what 'foregate trace' recorded of the very text that is run.")
  private Path oracleTrace;

  @Option(
      names = "--timeline",
      paramLabel = "FILE",
      description = "Write what the scheduler did, for ui.perfetto.dev or chrome://tracing.")
  private Path timeline;

  /**
   * What was asked for.
   *
   * @param policy its name; case does not matter
   */
  ExpertOptions options(String policy) {
    return Flags.read(
        () ->
            new ExpertOptions(
                Policy.named(policy),
                SlotBudget.parse(slots),
                new Link(linkGbps, copyEngine.toLowerCase(Locale.ROOT)),
                StoreOptions.of(store, Optional.ofNullable(storeFolder), lock),
                new PredictionOptions(
                    Optional.ofNullable(gates), Optional.ofNullable(oracleTrace), Optional.empty()),
                Optional.ofNullable(timeline)));
  }

  /** The same for the public API; {@link #options} says what is wrong with it. */
  Offloading offloading(String policy) {
    return new Offloading(
        policy,
        slots,
        linkGbps,
        copyEngine,
        new HostStore(store, Optional.ofNullable(storeFolder), lock),
        Optional.ofNullable(gates),
        Optional.ofNullable(oracleTrace),
        Optional.ofNullable(timeline));
  }
}
