package io.foregate.evaluate;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.foregate.engine.Engine;
import io.foregate.engine.Machine;
import io.foregate.gguf.GgufTensor;
import io.foregate.report.Release;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What came of one workload, under llama-bench's field names where it has the field. */
public record SpeedResult(
    String buildVersion,
    String java,
    String cpuInfo,
    String backends,
    String devices,
    String policy,
    String expertSlots,
    double linkGbps,
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

  /** What samples of a workload say. */
  public static SpeedResult of(Engine engine, Workload workload, long[] samplesNs) {
    double[] speeds =
        Arrays.stream(samplesNs).mapToDouble(ns -> workload.tokens() * 1e9 / ns).toArray();
    double[] times = Arrays.stream(samplesNs).asDoubleStream().toArray();
    Machine machine = Machine.here();
    String kvType = engine.options().kvType().name().toLowerCase(Locale.ROOT);
    return new SpeedResult(
        Release.number(),
        machine.java(),
        machine.cpu(),
        engine.backend(),
        engine.device(),
        engine.options().offloading().policy().text(),
        engine.options().offloading().slots().text(),
        engine.options().offloading().link().gbps(),
        engine.file().path().toString(),
        engine.config().name(),
        engine.file().tensors().stream().mapToLong(GgufTensor::byteSize).sum(),
        engine.file().tensors().stream().mapToLong(GgufTensor::elements).sum(),
        engine.threads(),
        kvType,
        kvType,
        workload.prompt(),
        workload.generated(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        Math.round(mean(times)),
        Math.round(deviation(times)),
        mean(speeds),
        deviation(speeds),
        Arrays.stream(samplesNs).boxed().toList(),
        Arrays.stream(speeds).boxed().toList());
  }

  /** llama-bench's name of what was timed. */
  public String test() {
    return new Workload(nPrompt, nGen).label();
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
