package io.foregate.cli;

import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.schedule.Policy;
import io.foregate.schedule.SlotBudget;
import io.foregate.schedule.sim.Cell;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.sim.Profiles;
import io.foregate.schedule.sim.SimulationResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    Flags.requireNotNegative("--warmup", warmUp);
    List<Profile> machines = machines();
    try (TraceFile trace = TraceFile.open(traceFile)) {
      List<Setup> setups = setups(machines);
      List<Policy> chosen = policies(trace.header(), machines);
      List<SimulationResult> results = simulate(trace, setups, chosen);
      var report =
          SimulationReport.of(traceFile.getFileName().toString(), trace, warmUp, machines, results);
      String tables = SimulationText.tables(machines, results);
      if (out != null) {
        write(report, tables);
      }
      if (json) {
        shell.terminal().println(Json.pretty(report));
      } else {
        shell.terminal().print(tables);
      }
    }
    return ExitCode.OK;
  }

  private record Setup(Profile profile, SlotBudget budget) {}

  private List<Profile> machines() {
    List<String> names = profiles.isEmpty() ? Profiles.names() : profiles;
    return names.stream().flatMap(name -> Profiles.find(name).stream()).toList();
  }

  private List<Policy> policies(TraceHeader header, List<Profile> machines) {
    if (!policies.isEmpty()) {
      return policies.stream().map(name -> Flags.read(() -> Policy.named(name))).toList();
    }
    return Policy.all().stream()
        .filter(policy -> hasScores(header, policy))
        .filter(policy -> machines.stream().allMatch(machine -> machine.canRun(policy)))
        .toList();
  }

  private static boolean hasScores(TraceHeader header, Policy policy) {
    return switch (policy.predictor()) {
      case NONE, ORACLE -> true;
      case NEXT_ROUTER -> header.hasSet(ScoreSet.NEXT_ROUTER);
      case UNTRAINED -> header.hasSet(ScoreSet.UNTRAINED);
      case ALIGNED -> header.hasSet(ScoreSet.LOOKAHEAD);
    };
  }

  private List<Setup> setups(List<Profile> machines) {
    List<Setup> setups = new ArrayList<>();
    for (Profile machine : machines) {
      for (Profile linked : linked(machine)) {
        budgets(machine).forEach(budget -> setups.add(new Setup(linked, budget)));
      }
    }
    return setups;
  }

  private List<Profile> linked(Profile machine) {
    for (double link : links) {
      if (!(link > 0 && link < Double.POSITIVE_INFINITY)) {
        throw new UsageException(
            "--link-gbps is %s, expected more than 0".formatted(link),
            "PCIe 4.0 x16 copies about 25 GB/s.");
      }
    }
    return links.isEmpty() ? List.of(machine) : links.stream().map(machine::withLinkGbps).toList();
  }

  private List<SlotBudget> budgets(Profile machine) {
    if (!slots.isEmpty()) {
      return slots.stream().map(text -> Flags.read(() -> SlotBudget.parse(text))).toList();
    }
    if (machine.expertSlots() == 0) {
      throw new UsageException(
          "the profile %s does not say how many experts fit".formatted(machine.name()),
          "Add --expert-slots, e.g. --expert-slots 25%,50%,75%.");
    }
    return List.of(new SlotBudget.Count(machine.expertSlots()));
  }

  /** All cells; the policies of a cell in parallel, for each is a simulation of its own. */
  private List<SimulationResult> simulate(
      RoutingTrace trace, List<Setup> setups, List<Policy> chosen) {
    List<SimulationResult> results = new ArrayList<>();
    long total = (long) setups.size() * chosen.size();
    try (Progress progress = Progress.of(shell.terminal(), "simulations", total)) {
      for (Setup setup : setups) {
        shell.cancellation().check();
        var cell = new Cell(trace, setup.profile(), setup.budget(), warmUp);
        results.addAll(
            chosen.parallelStream().map(policy -> result(cell, policy, progress)).toList());
      }
    }
    return results;
  }

  private SimulationResult result(Cell cell, Policy policy, Progress progress) {
    shell.cancellation().check();
    SimulationResult result = cell.simulate(policy);
    progress.step(1);
    return result;
  }

  private void write(SimulationReport report, String tables) {
    try {
      Files.createDirectories(out);
      Files.writeString(out.resolve("simulation.json"), Json.pretty(report) + "\n");
      Map<String, String> plots = SimulationText.plots(report.results());
      for (var plot : plots.entrySet()) {
        Files.writeString(out.resolve(plot.getKey()), plot.getValue());
      }
      Files.writeString(
          out.resolve("README.md"), SimulationText.page(report, tables, plots.keySet()));
    } catch (IOException e) {
      throw new CommandException(
          out + ": cannot write the results: " + e.getMessage(), "Choose another folder.", e);
    }
  }
}
