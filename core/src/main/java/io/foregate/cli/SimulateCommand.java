package io.foregate.cli;

import io.foregate.cli.flag.Flags;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.ShellListener;
import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.options.SlotBudget;
import io.foregate.report.Json;
import io.foregate.report.TextFileWriter;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.sim.ProfileCatalog;
import io.foregate.schedule.sim.SimulationResult;
import io.foregate.simulate.PolicyComparison;
import io.foregate.simulate.SimulationPages;
import io.foregate.simulate.SimulationReport;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code simulate}: what policies would make of a recorded trace on machines that are not here, in
 * virtual time. docs/simulate.md says what is modelled, and how.
 */
@Command(
    name = "simulate",
    description = "Replay a trace under policies and hardware profiles, in virtual time.",
    mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
  private final Shell shell;

  @Option(
      names = "--trace",
      required = true,
      paramLabel = "FILE",
      description = "What foregate trace has recorded.")
  private Path traceFile;

  @Option(
      names = "--profile",
      split = ",",
      paramLabel = "NAME",
      description =
          "Machines: names such as rtx-3090 or rtx-3090:q4, or JSON files. Default: all that ship.")
  private List<String> profiles = List.of();

  @Option(
      names = "--policy",
      split = ",",
      paramLabel = "NAME",
      description =
          "Policies. Default: all that the trace has the scores, and the profiles the times for.")
  private List<String> policies = List.of();

  @Option(
      names = "--expert-slots",
      split = ",",
      paramLabel = "N",
      description =
          "Experts that the device holds: a number, a share (25%%) or a size (6GiB). Default: what "
              + "fits the profile's device.")
  private List<String> slots = List.of();

  @Option(
      names = "--link-gbps",
      split = ",",
      paramLabel = "X",
      description = "Speeds of the link in GB/s. Default: the profile's.")
  private List<Double> links = List.of();

  @Option(
      names = "--warmup",
      paramLabel = "N",
      description = "Tokens that come first and are not counted. Default: ${DEFAULT-VALUE}.")
  private int warmUp = 128;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--force", description = "Replace files of --out that are there already.")
  private boolean force;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description = "Also write simulation.json, README.md and plots there.")
  private Path out;

  SimulateCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    List<Profile> machines = machines();
    if (out != null) {
      TextFileWriter.requireFolder(out, SimulationPages.NAMES, force);
    }
    try (TraceFile trace = TraceFile.open(traceFile)) {
      List<Policy> chosen = policies(trace.header(), machines);
      var comparison = new PolicyComparison(setups(machines), chosen, warmUp);
      List<SimulationResult> results = simulate(comparison, trace);
      var report =
          SimulationReport.of(traceFile.getFileName().toString(), trace, warmUp, machines, results);
      String tables = SimulationPages.tables(machines, results);
      if (json) {
        shell.terminal().println(Json.pretty(report));
      } else {
        shell.terminal().print(tables);
      }
      if (out != null) { // last: what was found out is not lost with the files
        SimulationPages.write(out, report, force);
      }
    }
    return ExitCode.OK;
  }

  private List<Profile> machines() {
    List<String> names = profiles.isEmpty() ? ProfileCatalog.names() : profiles;
    return names.stream().flatMap(name -> ProfileCatalog.find(name).stream()).toList();
  }

  private List<Policy> policies(TraceHeader header, List<Profile> machines) {
    if (!policies.isEmpty()) {
      return policies.stream().map(name -> Flags.read(() -> Policy.named(name))).toList();
    }
    return PolicyComparison.usable(header, machines);
  }

  private List<PolicyComparison.Setup> setups(List<Profile> machines) {
    return Flags.read(
        () ->
            PolicyComparison.setups(
                machines, links, slots.stream().map(SlotBudget::parse).toList()));
  }

  private List<SimulationResult> simulate(PolicyComparison comparison, RoutingTrace trace) {
    try (var listener = new ShellListener(shell)) {
      return comparison.run(trace, listener);
    }
  }
}
