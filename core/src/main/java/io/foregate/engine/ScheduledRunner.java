package io.foregate.engine;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.gate.ExpertPredictor;
import io.foregate.schedule.ExpertGrid;
import io.foregate.schedule.ExpertPlan;
import io.foregate.schedule.Wave;
import java.util.Optional;

/**
 * Experts as they come: the plan hands out those that are in device memory, or that are better run
 * on the processor, while copies bring others. After the router has spoken, copies of what is
 * missing start first; then the gates say what the next layers will need.
 */
final class ScheduledRunner implements ExpertRunner {
  private final ExpertGrid grid;
  private final int firstRouted;
  private final Sequence sequence;
  private final ExpertPlan plan;
  private final Wave wave;
  private final ExpertMemory slots;
  private final ExpertMemory host;
  private final Optional<ExpertPredictor> predictor;
  private final int[] hostPlaces;
  private final float[] input;
  private final float[] probabilities;

  /** Of gates that the device evaluates. */
  private final float[] scores;

  /**
   * @param firstRouted the first layer that has experts
   * @param slots device memory, whose slots {@code plan} knows
   * @param host all experts in host memory; may be {@code null} where the plan's policy never runs
   *     one there
   * @param predictor of this sequence
   * @param width of the residual stream
   */
  ScheduledRunner(
      ExpertGrid grid,
      int firstRouted,
      Sequence sequence,
      ExpertPlan plan,
      ExpertMemory slots,
      ExpertMemory host,
      Optional<ExpertPredictor> predictor,
      int width) {
    this.grid = grid;
    this.firstRouted = firstRouted;
    this.wave = new Wave(grid.experts());
    this.sequence = sequence;
    this.plan = plan;
    this.slots = slots;
    this.host = host;
    this.predictor = predictor;
    this.hostPlaces = new int[grid.experts()];
    this.input = new float[width];
    int horizon = predictor.map(ExpertPredictor::horizon).orElse(0);
    this.probabilities = new float[horizon * grid.experts()];
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
      plan.predicted(-1, probabilities, p.horizon());
    }
  }

  @Override
  public void run(int layer, Routing routing) {
    int routed = layer - firstRouted;
    plan.routed(routed, routing);
    if (predictor.isPresent() && !plan.complete()) {
      predict(routed, routing, predictor.get());
    }
    sequence.runShared(layer);
    while (plan.next(wave)) {
      if (wave.onHost()) {
        runOnHost(layer, wave);
      } else {
        sequence.runExperts(layer, slots, wave.experts(), wave.slots(), wave.count());
      }
      plan.release(wave);
    }
  }

  /**
   * @param layer counted among the layers with experts
   */
  private void predict(int layer, Routing routing, ExpertPredictor p) {
    for (int t = 0; t < routing.tokens(); t++) {
      p.observe(layer, routing.ids(), t * routing.used(), routing.used());
    }
    // Of a batch, the next layers' experts are nearly all of them, whatever gates say; but its last
    // token's last layers see the first layers of the token that comes then.
    if (routing.tokens() == 1 || layer + p.horizon() >= grid.layers()) {
      boolean scored = sequence.gateScores(scores);
      if (!scored || layer == grid.layers() - 1) {
        sequence.gateInput(routing.tokens() - 1, input);
      }
      if (scored) {
        p.predictScored(layer, scores, input, probabilities);
      } else {
        p.predict(layer, input, probabilities);
      }
      plan.predicted(layer, probabilities, p.horizon());
    }
  }

  private void runOnHost(int layer, Wave wave) {
    for (int i = 0; i < wave.count(); i++) {
      hostPlaces[i] = grid.id(layer - firstRouted, wave.experts()[i]);
    }
    sequence.runExperts(layer, host, wave.experts(), hostPlaces, wave.count());
  }

  @Override
  public void end(int layer) {
    plan.layerDone(layer - firstRouted);
  }

  @Override
  public void reset() {
    predictor.ifPresent(ExpertPredictor::reset);
    sequence.forgetGateInput();
  }
}
