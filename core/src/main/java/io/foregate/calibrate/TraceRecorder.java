package io.foregate.calibrate;

import io.foregate.backend.Routing;
import io.foregate.engine.GateInputs;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gate.trace.TraceRecords;
import io.foregate.gate.trace.TraceWriter;
import java.util.List;

/**
 * Writes down what a session does, token by token: what the predictors said when they learnt the
 * token, what the router chose, and what the predictors said then. The session must be fed one
 * token at a time. Used by one thread.
 */
final class TraceRecorder {
  private static final int BLOCK = 64;

  private final TraceWriter writer;
  private final TraceRecords block;
  private final List<ExpertPredictor> predictors;
  private final float[] input;
  private final float[][] probabilities;

  /**
   * @param predictors one per set of scores of the header, in its order
   * @param width of the residual stream
   */
  TraceRecorder(
      TraceWriter writer, TraceHeader header, List<ExpertPredictor> predictors, int width) {
    this.writer = writer;
    this.block = new TraceRecords(header, BLOCK);
    this.predictors = predictors;
    this.input = new float[width];
    this.probabilities = new float[predictors.size()][];
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] = new float[predictors.get(i).horizon() * header.experts()];
    }
  }

  /** A token is about to be fed. */
  void token(int id, boolean prompt, boolean startsText, int text) {
    if (block.tokens() == block.capacity()) {
      flush();
    }
    block.add(id, prompt, startsText, text);
    for (int i = 0; i < probabilities.length; i++) {
      if (startsText) {
        predictors.get(i).reset();
      }
      predictors.get(i).predictToken(id, probabilities[i]);
      block.setScores(last(), -1, i, probabilities[i]);
    }
  }

  /** It was routed at a layer; a {@link io.foregate.engine.RoutingListener}. */
  void routed(int layer, int position, Routing routing, GateInputs inputs) {
    for (int rank = 0; rank < routing.used(); rank++) {
      block.choice(last(), layer, rank, routing.ids()[rank], routing.weights()[rank]);
    }
    if (probabilities.length > 0) {
      inputs.read(0, input);
    }
    for (int i = 0; i < probabilities.length; i++) {
      predictors.get(i).observe(layer, routing.ids(), 0, routing.used());
      predictors.get(i).predict(layer, input, probabilities[i]);
      block.setScores(last(), layer, i, probabilities[i]);
    }
  }

  /** Hands over what is not written yet. */
  void flush() {
    writer.append(block);
    block.clear();
  }

  private int last() {
    return block.tokens() - 1;
  }
}
