package io.foregate.calibrate;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gate.trace.TraceStatistics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a trace says of its model; also the schema of the command line's JSON.
 *
 * @param used experts that a token uses in a layer: the k of recall@k
 * @param recall recall@k of every set of scores, distance by distance
 */
public record TraceReport(
    String trace,
    String model,
    String modelHash,
    long bytes,
    List<ScoreSet> sets,
    @JsonIgnore int used,
    List<String> texts,
    Map<String, List<Double>> recall,
    TraceStatistics statistics) {

  /** Reads a trace. */
  public static TraceReport of(Path file) {
    try (TraceFile trace = TraceFile.open(file)) {
      TraceHeader header = trace.header();
      return new TraceReport(
          file.toString(),
          header.modelName(),
          header.model().hex(),
          trace.bytes(),
          header.sets(),
          header.used(),
          header.texts(),
          recall(trace),
          TraceStatistics.of(trace));
    }
  }

  private static Map<String, List<Double>> recall(TraceFile trace) {
    Map<String, List<Double>> all = new LinkedHashMap<>();
    TraceHeader header = trace.header();
    for (int set = 0; set < header.sets().size(); set++) {
      List<Double> values = new ArrayList<>();
      for (int j = 1; j <= header.sets().get(set).horizon(); j++) {
        values.add(TraceStatistics.recall(trace, set, j, header.used()));
      }
      all.put(header.sets().get(set).name(), values);
    }
    return all;
  }
}
