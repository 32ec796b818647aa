package io.foregate.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.foregate.engine.Engine;
import io.foregate.engine.Machine;
import io.foregate.gguf.GgufTensor;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** One test's result, under llama-bench's field names where it has the field. */
record BenchResult(
    String buildVersion,
    String java,
    String cpuInfo,
    String backends,
    String policy,
    String modelFilename,
    String modelType,
    long modelSize,
    @JsonProperty("model_n_params") long modelNParams,
    int nThreads,
    String typeK,
    String typeV,
    int nPrompt,
    int nGen,
    String testTime,
    long avgNs,
    long stddevNs,
    double avgTs,
    double stddevTs,
    List<Long> samplesNs,
    List<Double> samplesTs) {

  static BenchResult of(Engine engine, BenchTest test, long[] samplesNs) {
    double[] speeds =
        Arrays.stream(samplesNs).mapToDouble(ns -> test.tokens() * 1e9 / ns).toArray();
    double[] times = Arrays.stream(samplesNs).asDoubleStream().toArray();
    Machine machine = Machine.here();
    String kvType = engine.options().kvType().name().toLowerCase(Locale.ROOT);
    return new BenchResult(
        Version.number(),
        machine.java(),
        machine.cpu(),
        engine.backend(),
        engine.options().experts().policy().name(),
        engine.file().path().toString(),
        engine.config().name(),
        engine.file().tensors().stream().mapToLong(GgufTensor::byteSize).sum(),
        engine.file().tensors().stream().mapToLong(GgufTensor::elements).sum(),
        engine.threads(),
        kvType,
        kvType,
        test.prompt(),
        test.generated(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        Math.round(mean(times)),
        Math.round(deviation(times)),
        mean(speeds),
        deviation(speeds),
        Arrays.stream(samplesNs).boxed().toList(),
        Arrays.stream(speeds).boxed().toList());
  }

  String test() {
    return new BenchTest(nPrompt, nGen).label();
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  /** The sample standard deviation; 0 of a single value. */
  private static double deviation(double[] values) {
    if (values.length < 2) {
      return 0;
    }
    double mean = mean(values);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return Math.sqrt(squares / (values.length - 1));
  }
}
