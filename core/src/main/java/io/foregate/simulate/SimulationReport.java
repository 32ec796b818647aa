package io.foregate.simulate;

import io.foregate.engine.Machine;
import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.report.Release;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.sim.SimulationResult;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * What {@code simulate --json} prints, in the schema that measurements share. There are no samples:
 * a simulation gives the same result every time.
 *
 * @param machine that simulated, not the one that was simulated
 */
public record SimulationReport(
    int schema,
    String measurement,
    String time,
    String version,
    String commit,
    Machine machine,
    Recording trace,
    int warmUpTokens,
    List<Profile> profiles,
    List<SimulationResult> results) {

  private static final int SCHEMA = 2;

  /** The trace. */
  public record Recording(
      String file,
      String model,
      String modelHash,
      int tokens,
      int layers,
      int experts,
      int used,
      List<ScoreSet> sets,
      List<String> texts) {}

  /** What a comparison on a trace found. */
  public static SimulationReport of(
      String file,
      RoutingTrace trace,
      int warmUp,
      List<Profile> profiles,
      List<SimulationResult> results) {
    TraceHeader header = trace.header();
    var recording =
        new Recording(
            file,
            header.modelName(),
            header.model().hex(),
            trace.tokens(),
            header.layers(),
            header.experts(),
            header.used(),
            header.sets(),
            header.texts());
    return new SimulationReport(
        SCHEMA,
        "simulation",
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        Release.number(),
        Release.commit(),
        Machine.here(),
        recording,
        warmUp,
        profiles,
        results);
  }
}
