package io.foregate.engine;

import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.GateFile;
import io.foregate.gate.LookaheadGates;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What predictions are made with.
 *
 * @param gates trained lookahead gates; empty for the file beside the model, if there is one
 * @param trace recorded routing of the very text that is going to be fed; policy {@code oracle}
 *     looks the future up in it
 * @param replay makes the predictor of each session, whatever the policy says: for replaying
 *     recorded scores
 */
public record PredictionOptions(
    Optional<Path> gates, Optional<Path> trace, Optional<Supplier<ExpertPredictor>> replay) {

  /** The gates beside the model. */
  public static PredictionOptions defaults() {
    return new PredictionOptions(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The same with recorded scores. */
  public PredictionOptions withReplay(Supplier<ExpertPredictor> value) {
    return new PredictionOptions(gates, trace, Optional.of(value));
  }

  /**
   * The trained gates of a model; empty if none are named and none lie beside it.
   *
   * @throws io.foregate.error.ForegateException if they cannot be read, or are another model's
   */
  public Optional<LookaheadGates> trainedGates(GgufFile file, ModelConfig config) {
    Path beside = GateFile.of(file.path());
    if (gates.isEmpty() && !Files.exists(beside)) {
      return Optional.empty();
    }
    return Optional.of(GateFile.read(gates.orElse(beside), ModelHash.of(file), config));
  }
}
