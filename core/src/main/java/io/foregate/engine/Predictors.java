package io.foregate.engine;

import io.foregate.error.ForegateException;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TracePredictor;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.schedule.Policy;
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
  static Predictors of(
      GgufFile file,
      ModelConfig config,
      ModelWeights weights,
      ExpertOptions options,
      ResourceStack resources) {
    Optional<Supplier<ExpertPredictor>> replay = options.predictions().replay();
    if (replay.isPresent()) {
      return without(() -> Optional.of(replay.get().get()));
    }
    Policy policy = options.policy();
    if (config.routedLayers() == 1) { // there is none to look ahead to
      return without(Optional::empty);
    }
    return switch (policy.predictor()) {
      case NONE -> without(Optional::empty);
      case NEXT_ROUTER -> untrained(config, weights, 1);
      case UNTRAINED -> untrained(config, weights, policy.horizon());
      case ALIGNED -> aligned(file, config, weights, options);
      case ORACLE -> oracle(file, options, resources);
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
      GgufFile file, ModelConfig config, ModelWeights weights, ExpertOptions options) {
    Optional<LookaheadGates> trained = options.predictions().trainedGates(file, config);
    if (trained.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} has no trained gates beside it: they are as they were initialised (foregate align"
              + " trains them).",
          file.path());
      return untrained(config, weights, options.policy().horizon());
    }
    return of(trained.get(), config, weights);
  }

  private static Predictors oracle(GgufFile file, ExpertOptions options, ResourceStack resources) {
    Path path =
        options
            .predictions()
            .trace()
            .orElseThrow(
                () ->
                    new ForegateException(
                        "Policy oracle needs to know the future, and was given no trace of it.",
                        "Record the very text with foregate trace, and name the file with"
                            + " --oracle-trace."));
    TraceFile trace = resources.add(TraceFile.open(path));
    trace.requireModel(ModelHash.of(file));
    int horizon = options.policy().horizon();
    return without(() -> Optional.of(TracePredictor.oracle(trace, horizon)));
  }
}
