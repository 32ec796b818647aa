package io.foregate.bench;

import io.foregate.engine.Machine;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * One comparison with llama.cpp, as it is written to docs/results: the schema that every
 * measurement shares, with raw samples.
 *
 * @param measurement what kind of measurement it is
 * @param time when it ended, ISO 8601
 * @param commit of the sources, with "-dirty" behind it where they differed from it
 * @param load processes that wanted a processor in the minute before, by the operating system
 * @param policy where experts were kept
 * @param expertBudget of that policy; {@code null} for all experts
 */
record Report(
    int schema,
    String measurement,
    String time,
    String commit,
    Machine machine,
    double load,
    Versions versions,
    ModelFacts model,
    Settings settings,
    String policy,
    String expertBudget,
    Memory memory,
    List<Result> results) {

  static final int SCHEMA = 1;

  /**
   * @param kernels Foregate's vector kernels
   * @param llamaCppSystem the instruction sets that llama.cpp says it uses
   */
  record Versions(String foregate, String kernels, String llamaCpp, String llamaCppSystem) {}

  record ModelFacts(String file, String name, String sha256, long bytes, long parameters) {}

  record Settings(int threads, int repetitions, double warmUpSeconds, String kvType) {}

  /**
   * Of Foregate.
   *
   * @param maxHeapBytes the limit that the JVM ran under
   * @param peakHeapBytes the most in use, garbage included
   */
  record Memory(long maxHeapBytes, long peakHeapBytes, long kvCacheBytes, long mappedBytes) {}

  /**
   * One trial.
   *
   * @param foregateNs nanoseconds, in the order in which they were taken, like {@code llamaCppNs}
   * @param ratio of Foregate's speed to llama.cpp's
   * @param largestProbabilityDifference between the two engines' next tokens after the trial
   * @param allocatedBytesPerToken by all of Foregate's threads while it was timed
   */
  record Result(
      String test,
      int tokens,
      List<Long> foregateNs,
      List<Long> llamaCppNs,
      double foregateTokensPerSecond,
      double llamaCppTokensPerSecond,
      Ratio ratio,
      double largestProbabilityDifference,
      double allocatedBytesPerToken) {

    static Result of(
        Trial trial, long[] ours, long[] theirs, double difference, double allocatedPerToken) {
      double oursMedian = trial.tokens() * 1e9 / median(Arrays.stream(ours).asDoubleStream());
      double theirsMedian = trial.tokens() * 1e9 / median(Arrays.stream(theirs).asDoubleStream());
      return new Result(
          trial.label(),
          trial.tokens(),
          Arrays.stream(ours).boxed().toList(),
          Arrays.stream(theirs).boxed().toList(),
          oursMedian,
          theirsMedian,
          Ratio.of(oursMedian / theirsMedian, ours, theirs),
          difference,
          allocatedPerToken);
    }
  }

  /**
   * @param ofMedians median speed over median speed
   * @param lowest of the ratios of single pairs
   * @param highest of the ratios of single pairs
   */
  record Ratio(double ofMedians, double lowest, double highest) {

    static Ratio of(double ofMedians, long[] ours, long[] theirs) {
      var pairs = new double[ours.length];
      for (int i = 0; i < pairs.length; i++) {
        pairs[i] = (double) theirs[i] / ours[i];
      }
      Arrays.sort(pairs);
      return new Ratio(ofMedians, pairs[0], pairs[pairs.length - 1]);
    }
  }

  static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
