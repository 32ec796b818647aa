package io.foregate.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.foregate.gate.trace.RandomTraces;
import io.foregate.gate.trace.TraceRecords;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.sim.ProfileCatalog;
import io.foregate.schedule.sim.SimulationResult;
import io.foregate.work.WorkListener;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code foregate simulate} does, done from Java. */
class PolicyComparisonTest {
  private final TraceRecords trace = RandomTraces.of(8, 2, RandomTraces.choices(120, 4, 8, 2, 1));
  private final List<Profile> machines = ProfileCatalog.find("t4:q4");

  private PolicyComparison of(Policy... policies) {
    var setup = new PolicyComparison.Setup(machines.getFirst(), new SlotBudget.Percent(50));
    return new PolicyComparison(List.of(setup), List.of(policies), 2);
  }

  @Test
  void everyPolicyIsSimulatedAndReportedOn(@TempDir Path folder) {
    var told = new AtomicLong();
    WorkListener listener =
        new WorkListener() {
          @Override
          public void advance(long done) {
            told.addAndGet(done);
          }
        };
    PolicyComparison comparison = of(Policy.onDemand(), Policy.named("lru"));
    List<SimulationResult> results = comparison.run(trace, listener);
    assertThat(told).hasValue(2);
    assertThat(results).extracting(SimulationResult::policy).containsExactly("on-demand", "lru");
    assertThat(results.getLast().hit()).isGreaterThan(results.getFirst().hit());
    var report = SimulationReport.of("t.trace", trace, 2, machines, results);
    SimulationPages.write(folder, report, false);
    assertThat(folder.resolve("README.md")).content().contains("t.trace", "on-demand");
    assertThat(folder.resolve("gain.svg")).isNotEmptyFile();
  }

  @Test
  void machinesAreCrossedWithLinksAndMemory() {
    List<SlotBudget> budgets = List.of(new SlotBudget.Percent(25), new SlotBudget.Percent(50));
    assertThat(PolicyComparison.setups(machines, List.of(4.0, 8.0), budgets))
        .extracting(setup -> setup.profile().linkGbps(), PolicyComparison.Setup::budget)
        .containsExactly(
            tuple(4.0, budgets.getFirst()),
            tuple(4.0, budgets.getLast()),
            tuple(8.0, budgets.getFirst()),
            tuple(8.0, budgets.getLast()));
  }

  @Test
  void whatIsNotSaidIsTheMachinesOwn() {
    Profile machine = machines.getFirst();
    assertThat(PolicyComparison.setups(machines, List.of(), List.of()))
        .containsExactly(
            new PolicyComparison.Setup(machine, new SlotBudget.Count(machine.expertSlots())));
  }

  @Test
  void policiesWithoutTheirScoresAreNotUsable() {
    assertThat(PolicyComparison.usable(trace.header(), machines))
        .extracting(Policy::name)
        .contains("lru", "oracle");
  }

  @Test
  void aListenerMayCancel() {
    WorkListener cancels =
        new WorkListener() {
          @Override
          public boolean isCancelled() {
            return true;
          }
        };
    assertThatThrownBy(() -> of(Policy.onDemand()).run(trace, cancels))
        .isInstanceOf(CancellationException.class);
  }
}
