package io.foregate.engine;

import io.foregate.error.ForegateException;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.GateFile;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TracePredictor;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.schedule.Policy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Makes the predictor of each session.
 *
 * @param description who predicts, in words
 */
record Predictors(String description, Supplier<Optional<ExpertPredictor>> source) {

  private static final System.Logger LOG = System.getLogger(Predictors.class.getName());

  /** A predictor for a new session. */
  Optional<ExpertPredictor> next() {
    return source.get();
  }

  /**
   * Those that a policy wants.
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
    if (options.predictors().isPresent()) {
      Supplier<ExpertPredictor> replay = options.predictors().get();
      return new Predictors("recorded scores", () -> Optional.of(replay.get()));
    }
    Policy policy = options.policy();
    if (config.layers() == 1) {
      return new Predictors("no gates: a single layer has none to look ahead to", Optional::empty);
    }
    return switch (policy.predictor()) {
      case NONE -> new Predictors("no gates", Optional::empty);
      case NEXT_ROUTER ->
          of("the next layer's router", untrained(config, weights, 1), config, weights);
      case UNTRAINED ->
          of("untrained gates", untrained(config, weights, policy.horizon()), config, weights);
      case ALIGNED -> aligned(file, config, weights, options);
      case ORACLE -> oracle(file, options, resources);
    };
  }

  private static LookaheadGates untrained(ModelConfig config, ModelWeights weights, int horizon) {
    return LookaheadGates.untrained(config, weights, Math.min(horizon, config.layers() - 1));
  }

  private static Predictors of(
      String description, LookaheadGates gates, ModelConfig config, ModelWeights weights) {
    return new Predictors(description, () -> Optional.of(gates.predictor(config, weights)));
  }

  private static Predictors aligned(
      GgufFile file, ModelConfig config, ModelWeights weights, ExpertOptions options) {
    Path beside = GateFile.of(file.path());
    if (options.gates().isEmpty() && !Files.exists(beside)) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} has no trained gates beside it: they are as they were initialised. 'foregate align'"
              + " trains them.",
          file.path());
      return of(
          "untrained gates",
          untrained(config, weights, options.policy().horizon()),
          config,
          weights);
    }
    Path path = options.gates().orElse(beside);
    LookaheadGates gates = GateFile.read(path, ModelHash.of(file), config);
    return of("gates of " + path.getFileName(), gates, config, weights);
  }

  private static Predictors oracle(GgufFile file, ExpertOptions options, ResourceStack resources) {
    Path path =
        options
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
    return new Predictors(
        "the future, from a trace", () -> Optional.of(TracePredictor.oracle(trace, horizon)));
  }
}
