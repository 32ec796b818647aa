package io.foregate.engine.experts;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.gate.ExpertPredictor;
import io.foregate.model.ModelConfig;
import io.foregate.schedule.ExpertPlan;
import io.foregate.schedule.Wave;
import io.foregate.store.layout.ExpertLayer;
import io.foregate.store.layout.PackedLayers;
import java.util.Optional;

/**
 * Experts as they come: the plan hands out those that are in device memory, or that are better run
 * on the CPU, while copies bring others. After the router has spoken, copies of what is missing
 * start first; then the gates say what the next layers will need. The plan knows packed layers
 * only; experts of the others run on the CPU, while copies for the next ones run.
 */
final class ScheduledRunner implements ExpertRunner {
  /**
   * Where experts are that can run.
   *
   * @param slots device memory, whose slots the plan knows
   * @param host all experts in host memory; may be {@code null} where the plan's policy never runs
   *     one there
   * @param unpacked experts of the layers that are not packed; may be {@code null} where there is
   *     none
   */
  record Places(ExpertMemory slots, ExpertMemory host, ExpertMemory unpacked) {}

  private final ModelConfig config;
  private final PackedLayers packed;
  private final Sequence sequence;
  private final ExpertPlan plan;
  private final Wave wave;
  private final Places places;
  private final ChosenExperts unpacked;
  private final Optional<ExpertPredictor> predictor;
  private final int[] hostPlaces;
  private final float[] input;
  private final float[] probabilities;

  /** Of gates that the device evaluates. */
  private final float[] scores;

  /**
   * @param packed the layers that {@code plan} knows
   * @param predictor of this sequence
   */
  ScheduledRunner(
      ModelConfig config,
      PackedLayers packed,
      Sequence sequence,
      ExpertPlan plan,
      Places places,
      Optional<ExpertPredictor> predictor) {
    this.config = config;
    this.packed = packed;
    this.wave = new Wave(config.experts());
    this.sequence = sequence;
    this.plan = plan;
    this.places = places;
    this.unpacked = new ChosenExperts(sequence, places.unpacked(), config.experts());
    this.predictor = predictor;
    this.hostPlaces = new int[config.experts()];
    this.input = new float[config.embedding()];
    int horizon = predictor.map(ExpertPredictor::horizon).orElse(0);
    this.probabilities = new float[horizon * config.experts()];
    this.scores = new float[probabilities.length];
  }

  @Override
  public void begin(int[] tokens, int from, int to) {
    plan.begin(to - from);
    if (predictor.isPresent() && to - from == 1 && !plan.complete()) {
      ExpertPredictor p = predictor.get();
      if (sequence.gateScores(scores)) {
        p.predictScored(-1, scores, input, probabilities);
      } else {
        p.predictToken(tokens[from], probabilities);
      }
      plan.predicted(-1, probabilities, keepPacked(-1, p.horizon()));
    }
  }

  @Override
  public void run(int layer, Routing routing) {
    ExpertLayer at = packed.at(layer);
    if (at.isPacked()) {
      plan.routed(at.packed(), routing);
    }
    if (predictor.isPresent() && !plan.complete()) {
      predict(at, routing, predictor.get());
    }
    sequence.runShared(layer);
    if (at.isPacked()) {
      runAsTheyCome(at);
    } else {
      unpacked.run(layer, at.routed(), routing);
    }
  }

  private void runAsTheyCome(ExpertLayer at) {
    while (plan.next(wave)) {
      if (wave.onHost()) {
        runOnHost(at, wave);
      } else {
        sequence.runExperts(at.model(), places.slots(), wave.experts(), wave.slots(), wave.count());
      }
      plan.release(wave);
    }
  }

  private void predict(ExpertLayer at, Routing routing, ExpertPredictor p) {
    int routed = at.routed();
    for (int t = 0; t < routing.tokens(); t++) {
      p.observe(routed, routing.ids(), t * routing.used(), routing.used());
    }
    // Of a batch, the next layers' experts are nearly all of them, whatever gates say; but its last
    // token's last layers see the first layers of the token that comes then.
    if (routing.tokens() == 1 || routed + p.horizon() >= config.routedLayers()) {
      boolean scored = sequence.gateScores(scores);
      if (!scored || routed == config.routedLayers() - 1) {
        sequence.gateInput(routing.tokens() - 1, input);
      }
      if (scored) {
        p.predictScored(routed, scores, input, probabilities);
      } else {
        p.predict(routed, input, probabilities);
      }
      plan.predicted(at.lastPacked(), probabilities, keepPacked(routed, p.horizon()));
    }
  }

  /** What was said of layers that the plan does not know is left out. */
  private int keepPacked(int routed, int horizon) {
    return packed.keepPacked(routed, probabilities, horizon, config.experts());
  }

  private void runOnHost(ExpertLayer at, Wave wave) {
    for (int i = 0; i < wave.count(); i++) {
      hostPlaces[i] = at.routed() * config.experts() + wave.experts()[i];
    }
    sequence.runExperts(at.model(), places.host(), wave.experts(), hostPlaces, wave.count());
  }

  @Override
  public void end(int layer) {
    ExpertLayer at = packed.at(layer);
    if (at.isPacked()) {
      plan.layerDone(at.packed());
    }
  }

  @Override
  public void reset() {
    predictor.ifPresent(ExpertPredictor::reset);
    sequence.forgetGateInput();
  }
}
