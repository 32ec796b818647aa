package io.foregate.engine.experts;

import io.foregate.error.ForegateException;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.GateFile;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TracePredictor;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.schedule.policy.Policy;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What makes the predictor of each session.
 *
 * @param maker makes the predictors that a policy wants; it gives nothing where none is wanted
 * @param gates that they all use, if any
 */
record Predictors(Supplier<Optional<ExpertPredictor>> maker, Optional<LookaheadGates> gates) {
  private static final System.Logger LOG = System.getLogger(Predictors.class.getName());

  /**
   * Finds what a policy wants.
   *
   * @param resources gets what must stay open as long as predictors are used
   * @throws ForegateException when what they need is not there, or belongs to another model
   */
  static Predictors of(LoadedModel loaded, ExpertMovement movement, ResourceStack resources) {
    ModelConfig config = loaded.config();
    ModelWeights weights = loaded.weights();
    Optional<Supplier<ExpertPredictor>> replay = movement.replay();
    if (replay.isPresent()) {
      return without(() -> Optional.of(replay.get().get()));
    }
    Policy policy = movement.policy();
    if (config.routedLayers() == 1) { // there is none to look ahead to
      return without(Optional::empty);
    }
    return switch (policy.prediction().predictor()) {
      case NONE -> without(Optional::empty);
      case NEXT_ROUTER -> untrained(config, weights, 1);
      case UNTRAINED -> untrained(config, weights, policy.prediction().horizon());
      case ALIGNED -> aligned(loaded.file(), config, weights, movement);
      case ORACLE -> oracle(loaded.file(), movement, resources);
    };
  }

  private static Predictors without(Supplier<Optional<ExpertPredictor>> maker) {
    return new Predictors(maker, Optional.empty());
  }

  private static Predictors untrained(ModelConfig config, ModelWeights weights, int horizon) {
    int most = Math.min(horizon, config.routedLayers() - 1);
    return of(LookaheadGates.untrained(config, weights, most), config, weights);
  }

  private static Predictors of(LookaheadGates gates, ModelConfig config, ModelWeights weights) {
    return new Predictors(() -> Optional.of(gates.predictor(config, weights)), Optional.of(gates));
  }

  private static Predictors aligned(
      GgufFile file, ModelConfig config, ModelWeights weights, ExpertMovement movement) {
    Optional<LookaheadGates> trained = GateFile.find(movement.options().gates(), file, config);
    if (trained.isEmpty()) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "{0} has no trained gates beside it: they are as they were initialised (foregate align"
              + " trains them).",
          file.path());
      return untrained(config, weights, movement.policy().prediction().horizon());
    }
    return of(trained.get(), config, weights);
  }

  private static Predictors oracle(
      GgufFile file, ExpertMovement movement, ResourceStack resources) {
    Path path =
        movement
            .options()
            .oracleTrace()
            .orElseThrow(
                () ->
                    new ForegateException(
                        "Policy oracle needs to know the future, and was given no trace of it.",
                        "Record the very text with foregate trace, and name the file as the"
                            + " [[oracle trace]]."));
    TraceFile trace = resources.add(TraceFile.open(path));
    trace.requireModel(ModelHash.of(file), ModelConfigReader.read(file).name());
    int horizon = movement.policy().prediction().horizon();
    return without(() -> Optional.of(TracePredictor.oracle(trace, horizon)));
  }
}
