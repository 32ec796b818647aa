package io.foregate.cli.flag;

import io.foregate.cli.terminal.UsageException;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.options.HostStore;
import io.foregate.options.Link;
import io.foregate.options.Offloading;
import io.foregate.options.PolicyName;
import io.foregate.options.SlotBudget;
import io.foregate.options.TierChoice;
import io.foregate.schedule.policy.Policy;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options that say where experts are kept, and how they come to the device. */
public final class ExpertFlags {
  @Option(
      names = "--expert-slots",
      split = ",",
      paramLabel = "N",
      description =
          "Device memory for experts, unless they are all resident: how many (24), a share of them"
              + " (25%%), a size (6GiB), or auto for what a device has left; bench times a list of"
              + " them. Default: "
              + SlotBudget.DEFAULT
              + "%.")
  private List<String> slots = List.of(SlotBudget.DEFAULT);

  @Option(
      names = "--link-gbps",
      split = ",",
      paramLabel = "X",
      description =
          "GB/s at which the cpu backend copies experts, to imitate a device's link; 0 for as fast"
              + " as it can; bench times a list of them. Default: "
              + Link.DEFAULT_GBPS
              + ".")
  private List<Double> links = List.of(Link.DEFAULT.gbps());

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
  private String store = HostStore.auto().tier().word();

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

  @Option(names = "--force", description = "Replace files that are there already.")
  private boolean force;

  /** Whether files that are there may be replaced. */
  boolean force() {
    return force;
  }

  /** Refuses a timeline that could not be written, or would take a file's place. */
  public void requireTargets() {
    if (timeline != null) {
      Target.require(timeline, FileKind.TIMELINE, force);
    }
  }

  /**
   * What was asked for.
   *
   * @param policy its name; case does not matter
   * @throws UsageException also for a list, which only {@code bench} takes
   */
  Offloading options(String policy) {
    return options(policy, single("--expert-slots", slots), single("--link-gbps", links));
  }

  /** All that was asked for: of each amount of memory, all speeds of the link. */
  public List<Offloading> all(String policy) {
    return slots.stream()
        .flatMap(budget -> links.stream().map(link -> options(policy, budget, link)))
        .toList();
  }

  private Offloading options(String policy, String budget, double linkGbps) {
    return Flags.read(
        () ->
            new Offloading(
                new PolicyName(Policy.named(policy).name()),
                SlotBudget.parse(budget),
                new Link(linkGbps, copyEngine),
                new HostStore(TierChoice.of(store), Optional.ofNullable(storeFolder), lock),
                Optional.ofNullable(gates),
                Optional.ofNullable(oracleTrace),
                Optional.ofNullable(timeline)));
  }

  private static <T> T single(String option, List<T> values) {
    if (values.size() != 1) {
      throw new UsageException(
          "%s takes one value here, found %d".formatted(option, values.size()),
          "Only bench and simulate take lists.");
    }
    return values.getFirst();
  }
}
