package io.foregate.bench.compare;

import io.foregate.bench.measure.Report;
import io.foregate.engine.Machine;
import java.util.List;

/**
 * One comparison with Jlama, as it is written to docs/results, with raw samples.
 *
 * @param time when it ended, ISO 8601
 * @param commit of the sources, with "-dirty" behind it where they differed from it
 * @param load processes that wanted a CPU in the minute before, by the operating system
 * @param model Foregate's file
 * @param jlamaType what Jlama calls its type of the same weights
 */
record JlamaResult(
    int schema,
    String measurement,
    String time,
    String commit,
    Machine machine,
    double load,
    JlamaVersions versions,
    Report.ComparedModel model,
    String jlamaType,
    Report.RunSettings settings,
    List<Test> results) {

  static final int SCHEMA = 1;
  static final String MEASUREMENT = "Jlama side by side";

  /**
   * @param kernels Foregate's vector kernels
   * @param jlamaKernels what Jlama says it computes with
   */
  record JlamaVersions(String foregate, String kernels, String jlama, String jlamaKernels) {}

  /**
   * One workload.
   *
   * @param foregateNs nanoseconds, in the order in which they were taken, like {@code jlamaNs}
   * @param ratio of Foregate's speed to Jlama's
   * @param largestProbabilityDifference between the two engines' next tokens after the workload
   */
  record Test(
      String test,
      int tokens,
      List<Long> foregateNs,
      List<Long> jlamaNs,
      double foregateTokensPerSecond,
      double jlamaTokensPerSecond,
      Report.Ratio ratio,
      double largestProbabilityDifference) {

    /** What two engines' samples come to, the second of which was Jlama. */
    static Test of(Report.Result pairs) {
      return new Test(
          pairs.test(),
          pairs.tokens(),
          pairs.foregateNs(),
          pairs.llamaCppNs(),
          pairs.foregateTokensPerSecond(),
          pairs.llamaCppTokensPerSecond(),
          pairs.ratio(),
          pairs.largestProbabilityDifference());
    }
  }

  /** What its files are called. */
  String stem() {
    return "jlama-" + model.file().replaceFirst("\\.gguf$", "");
  }
}
