package io.foregate.bench.measure;

import io.foregate.engine.Machine;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * One comparison with llama.cpp, as it is written to docs/results: the schema that every
 * measurement shares, with raw samples.
 *
 * @param measurement what kind of measurement it is
 * @param time when it ended, ISO 8601
 * @param commit of the sources, with "-dirty" behind it where they differed from it
 * @param load processes that wanted a CPU in the minute before, by the operating system
 * @param policy where experts were kept
 * @param expertBudget of that policy; {@code null} for all experts
 */
public record Report(
    int schema,
    String measurement,
    String time,
    String commit,
    Machine machine,
    double load,
    Versions versions,
    ComparedModel model,
    RunSettings settings,
    String policy,
    String expertBudget,
    MemoryFigures memory,
    List<Result> results) {

  public static final int SCHEMA = 2;

  /**
   * @param kernels Foregate's vector kernels
   * @param llamaCppSystem the instruction sets that llama.cpp says it uses
   */
  public record Versions(String foregate, String kernels, String llamaCpp, String llamaCppSystem) {}

  public record ComparedModel(
      String file, String name, String sha256, long bytes, long parameters) {}

  public record RunSettings(int threads, int repetitions, double warmUpSeconds, String kvType) {}

  /**
   * Of Foregate.
   *
   * @param maxHeapBytes the limit that the JVM ran under
   * @param peakHeapBytes the most in use, garbage included
   */
  public record MemoryFigures(
      long maxHeapBytes, long peakHeapBytes, long kvCacheBytes, long mappedBytes) {}

  /**
   * One workload.
   *
   * @param depth tokens of context before those that are timed; the first schema knew none
   * @param foregateNs nanoseconds, in the order in which they were taken, like {@code llamaCppNs}
   * @param ratio of Foregate's speed to llama.cpp's
   * @param largestProbabilityDifference between the two engines' next tokens after the workload
   * @param allocatedBytesPerToken by all of Foregate's threads while it was timed
   * @param bandwidth of a decode; {@code null} for a prefill, and in the first schema
   */
  public record Result(
      String test,
      int tokens,
      int depth,
      List<Long> foregateNs,
      List<Long> llamaCppNs,
      double foregateTokensPerSecond,
      double llamaCppTokensPerSecond,
      Ratio ratio,
      double largestProbabilityDifference,
      double allocatedBytesPerToken,
      Bandwidth bandwidth) {

    public static Result of(
        TimedFeed workload,
        long[] ours,
        long[] theirs,
        double difference,
        double allocatedPerToken,
        Optional<LoopSamples> memory) {
      double oursMedian = workload.tokens() * 1e9 / median(Arrays.stream(ours).asDoubleStream());
      double theirsMedian =
          workload.tokens() * 1e9 / median(Arrays.stream(theirs).asDoubleStream());
      return new Result(
          workload.label(),
          workload.tokens(),
          workload.depth(),
          Arrays.stream(ours).boxed().toList(),
          Arrays.stream(theirs).boxed().toList(),
          oursMedian,
          theirsMedian,
          Ratio.of(oursMedian / theirsMedian, ours, theirs),
          difference,
          allocatedPerToken,
          memory.map(speed -> Bandwidth.of(speed, oursMedian, theirsMedian)).orElse(null));
    }
  }

  /**
   * What a decode was measured against.
   *
   * @param bytesPerToken that it needs from memory
   * @param readLoopBytes of a sample of the {@link ReadLoop}
   * @param readLoopNs of the samples, one after each pair
   */
  public record LoopSamples(long bytesPerToken, long readLoopBytes, List<Long> readLoopNs) {}

  /**
   * How fast decode takes from memory what it needs, beside a loop that does nothing but read with
   * as many threads. Speeds are 10^9 bytes per second, shares those of the loop's, by medians.
   */
  public record Bandwidth(
      LoopSamples samples,
      double readLoopGbps,
      double foregateGbps,
      double llamaCppGbps,
      double foregateShare,
      double llamaCppShare) {

    /**
     * @param ours tokens per second, like {@code theirs}
     */
    static Bandwidth of(LoopSamples samples, double ours, double theirs) {
      double nanos = median(samples.readLoopNs().stream().mapToDouble(Long::doubleValue));
      double loop = samples.readLoopBytes() / nanos;
      double oursGbps = ours * samples.bytesPerToken() / 1e9;
      double theirsGbps = theirs * samples.bytesPerToken() / 1e9;
      return new Bandwidth(samples, loop, oursGbps, theirsGbps, oursGbps / loop, theirsGbps / loop);
    }
  }

  /**
   * @param ofMedians median speed over median speed
   * @param lowest of the ratios of single pairs
   * @param highest of the ratios of single pairs
   */
  public record Ratio(double ofMedians, double lowest, double highest) {

    static Ratio of(double ofMedians, long[] ours, long[] theirs) {
      var pairs = new double[ours.length];
      for (int i = 0; i < pairs.length; i++) {
        pairs[i] = (double) theirs[i] / ours[i];
      }
      Arrays.sort(pairs);
      return new Ratio(ofMedians, pairs[0], pairs[pairs.length - 1]);
    }
  }

  /**
   * What its files are called: {@code compare-MODEL}, and the depths behind it where there are any,
   * so that a run behind a context leaves the other's files as they are.
   */
  public String stem() {
    String stem = "compare-" + model.file().replaceFirst("\\.gguf$", "");
    List<String> depths =
        results.stream().map(r -> Integer.toString(r.depth())).distinct().toList();
    return depths.equals(List.of("0")) ? stem : stem + "-d" + String.join("-", depths);
  }

  public static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
