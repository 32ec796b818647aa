package io.foregate.bench.offload;

import io.foregate.bench.measure.ResultLines;
import io.foregate.bench.measure.Speedup;
import io.foregate.engine.Machine;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.state.ScheduleStatistics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One cell of the comparison of policies, a line of the run's file: experts of one size, a budget
 * and a link speed. The schema that every measurement shares, with raw samples.
 *
 * @param ablations whether the policies are lookahead without some of its parts
 * @param time when it ended, ISO 8601
 * @param commit of the sources, with "-dirty" behind it where they differed from it
 * @param load processes that wanted a CPU in the minute before, by the operating system
 * @param model the slice: generated weights
 * @param trace whose routing and gate scores were replayed
 * @param profile what the simulator was told of this machine, from measurements of single steps
 * @param copyShare copy time / (copy time + compute time) of {@code lru} with no overlap
 * @param resident the same tokens with all experts resident: computing alone
 * @param bound tokens per second that no cache can exceed: 1 / max(computing, copies of a
 *     clairvoyant cache)
 */
public record OffloadCell(
    int schema,
    String measurement,
    boolean ablations,
    String time,
    String commit,
    Machine machine,
    double load,
    Model model,
    Trace trace,
    CellSettings settings,
    Profile profile,
    double copyShare,
    double bound,
    PolicyResult resident,
    List<PolicyResult> policies) {

  static final int SCHEMA = 3;

  /** Of all cells, in their folder. */
  public static final String FILE = "cells" + ResultLines.SUFFIX;

  static final String MEASUREMENT = "policies on a slice of real experts, routing replayed";

  record Model(String type, int layers, int experts, int used, long expertBytes) {}

  record Trace(String file, String model, int tokens) {}

  /**
   * @param expertBudget as it was asked for
   * @param slots what it came to, staging included
   * @param warmUpTokens before each sample
   * @param tokens per sample
   */
  public record CellSettings(
      String expertBudget, int slots, double linkGbps, int warmUpTokens, int tokens) {}

  /**
   * One policy.
   *
   * @param prefetchCount experts prefetched per layer, where that is a constant: the best of
   *     several in the simulator, in the policy's favour; else 0
   * @param nanos raw samples; the i-th of all policies are of the same tokens, one after the other
   * @param statistics of the samples
   * @param simulatedNanos what the simulator predicts for the same tokens
   * @param simulatedTokensPerSecond the same as a speed
   */
  public record PolicyResult(
      String policy,
      int prefetchCount,
      List<Long> nanos,
      double tokensPerSecond,
      List<ScheduleStatistics> statistics,
      List<Long> simulatedNanos,
      double simulatedTokensPerSecond) {

    PolicyResult withPrediction(List<Long> newNanos, double newTokensPerSecond) {
      return new PolicyResult(
          policy, prefetchCount, nanos, tokensPerSecond, statistics, newNanos, newTokensPerSecond);
    }
  }

  /** The cells in a folder, in the order in which they were measured. */
  public static List<OffloadCell> read(Path folder) throws IOException {
    return ResultLines.read(folder.resolve(FILE), OffloadCell.class);
  }

  /** Whether it is what these settings ask for. */
  public boolean isOf(boolean ofAblations, String type, String budget, double linkGbps) {
    return ablations == ofAblations
        && model.type().equals(type)
        && settings.expertBudget().equals(budget)
        && settings.linkGbps() == linkGbps;
  }

  /** The same measurement beside another prediction. */
  OffloadCell withPrediction(Profile newProfile, UnaryOperator<PolicyResult> prediction) {
    return new OffloadCell(
        schema,
        measurement,
        ablations,
        time,
        commit,
        machine,
        load,
        model,
        trace,
        settings,
        newProfile,
        copyShare,
        bound,
        prediction.apply(resident),
        policies.stream().map(prediction).toList());
  }

  /** The result of a policy. */
  public PolicyResult of(String policy) {
    return policies.stream().filter(p -> p.policy().equals(policy)).findFirst().orElseThrow();
  }

  /** How much faster one policy is than another, over the pairs of samples. */
  public Speedup speedup(String policy, String over) {
    return Speedup.of(of(policy).nanos(), of(over).nanos());
  }
}
