package io.foregate.simulate;

import io.foregate.error.ForegateException;
import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.sim.Cell;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.sim.SimulationResult;
import io.foregate.work.WorkListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Policies on machines, with amounts of memory: every combination is simulated. docs/simulate.md
 * says what is modelled, and how.
 *
 * <pre>{@code
 * try (TraceFile trace = TraceFile.open(Path.of("model.trace"))) {
 *   List<Profile> machines = ProfileCatalog.find("rtx-3090");
 *   var half = List.of(SlotBudget.parse("50%"));
 *   var setups = PolicyComparison.setups(machines, List.of(), half);
 *   var comparison =
 *       new PolicyComparison(setups, PolicyComparison.usable(trace.header(), machines), 128);
 *   comparison.run(trace, WorkListener.NONE).forEach(r -> System.out.println(r.tokensPerSecond()));
 * }
 * }</pre>
 *
 * @param warmUp tokens that come first and are not counted
 */
public record PolicyComparison(List<Setup> setups, List<Policy> policies, int warmUp) {

  /** A machine, and the experts that its device holds. */
  public record Setup(Profile profile, SlotBudget budget) {}

  /** Copies the lists. */
  public PolicyComparison {
    setups = List.copyOf(setups);
    policies = List.copyOf(policies);
  }

  /**
   * Every machine with every speed of the link and every amount of memory.
   *
   * @param links in GB/s; none for each machine's own
   * @param budgets experts that a device holds; none for what fits each machine's
   * @throws ForegateException if that is asked of a machine that does not say
   */
  public static List<Setup> setups(
      List<Profile> machines, List<Double> links, List<SlotBudget> budgets) {
    Objects.requireNonNull(machines, "machines");
    Objects.requireNonNull(links, "links");
    Objects.requireNonNull(budgets, "budgets");
    List<Setup> setups = new ArrayList<>();
    for (Profile machine : machines) {
      List<SlotBudget> held = budgets.isEmpty() ? List.of(fitting(machine)) : budgets;
      for (Profile linked : linked(machine, links)) {
        held.forEach(budget -> setups.add(new Setup(linked, budget)));
      }
    }
    return setups;
  }

  private static SlotBudget fitting(Profile machine) {
    if (machine.expertSlots() == 0) {
      throw new ForegateException(
          "the profile %s does not say how many experts fit".formatted(machine.name()),
          "Add [[slots=25%,50%,75%]].");
    }
    return new SlotBudget.Count(machine.expertSlots());
  }

  private static List<Profile> linked(Profile machine, List<Double> links) {
    return links.isEmpty() ? List.of(machine) : links.stream().map(machine::withLinkGbps).toList();
  }

  /** All policies that a trace has the scores, and machines the times for. */
  public static List<Policy> usable(TraceHeader header, List<Profile> machines) {
    Objects.requireNonNull(header, "header");
    Objects.requireNonNull(machines, "machines");
    return Policy.all().stream()
        .filter(policy -> hasScores(header, policy))
        .filter(policy -> machines.stream().allMatch(machine -> machine.canRun(policy)))
        .toList();
  }

  private static boolean hasScores(TraceHeader header, Policy policy) {
    return switch (policy.prediction().predictor()) {
      case NONE, ORACLE -> true;
      case NEXT_ROUTER -> header.hasSet(ScoreSet.NEXT_ROUTER);
      case UNTRAINED -> header.hasSet(ScoreSet.UNTRAINED);
      case ALIGNED -> header.hasSet(ScoreSet.LOOKAHEAD);
    };
  }

  /** Simulates them all; the policies of a setup in parallel, for each is a world of its own. */
  public List<SimulationResult> run(RoutingTrace trace, WorkListener listener) {
    Objects.requireNonNull(trace, "trace");
    Objects.requireNonNull(listener, "listener");
    List<SimulationResult> results = new ArrayList<>();
    listener.begin("simulations", (long) setups.size() * policies.size(), "simulations");
    for (Setup setup : setups) {
      listener.check();
      var cell = new Cell(trace, setup.profile(), setup.budget(), warmUp);
      results.addAll(
          policies.parallelStream().map(policy -> simulate(cell, policy, listener)).toList());
    }
    return results;
  }

  private static SimulationResult simulate(Cell cell, Policy policy, WorkListener listener) {
    listener.check();
    SimulationResult result = cell.simulate(policy);
    listener.advance(1);
    return result;
  }
}
