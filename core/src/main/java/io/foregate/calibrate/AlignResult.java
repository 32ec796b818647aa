package io.foregate.calibrate;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.foregate.gate.GateShape;
import io.foregate.gate.train.Reliability;
import java.util.List;
import java.util.Map;

/**
 * What came of an alignment; also the schema of the command line's JSON: recalls by text, then by
 * predictor, the gap closed, and whether the gates' probabilities come true, by distance.
 *
 * @param cpuSeconds what this process has used of all cores; 0 where the system does not tell
 */
public record AlignResult(
    String model,
    String modelHash,
    String gates,
    long gatesBytes,
    GateShape shape,
    long seed,
    long trainedTokens,
    int passes,
    int rounds,
    int plannedRounds,
    double validationRecall,
    double seconds,
    @JsonProperty("processor_seconds") double cpuSeconds,
    int threads,
    long holdoutTokens,
    Map<String, Map<String, RecallReport.Recalls>> recall,
    Map<String, List<Double>> gapClosed,
    List<Reliability.Summary> reliability) {}
