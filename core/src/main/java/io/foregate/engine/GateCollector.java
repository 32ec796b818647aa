package io.foregate.engine;

import io.foregate.backend.Routing;
import io.foregate.gate.GateShape;
import io.foregate.gate.TokenInput;
import io.foregate.gate.train.GateSamples;

/** Runs a model over text, and takes down what gates would have seen and how it routed. */
public final class GateCollector implements AutoCloseable {
  private final Session session;
  private final GateShape shape;
  private final TokenInput tokenInput;
  private final float[] input;
  private GateSamples samples;

  /** Opens a session of its own. */
  public GateCollector(Engine engine, GateShape shape) {
    this.shape = shape;
    this.session = engine.newSession();
    this.tokenInput = new TokenInput(engine.weights().embedding(), engine.config().normEpsilon());
    this.input = new float[shape.embedding()];
    session.onRouting(this::routed);
  }

  /**
   * What the model does with a text.
   *
   * @param tokens at least one, at most the session's capacity
   * @return to be closed by the caller
   */
  public GateSamples collect(int[] tokens) {
    samples = new GateSamples(shape, tokens.length);
    try {
      for (int t = 0; t < tokens.length; t++) {
        tokenInput.read(tokens[t], input);
        samples.setInput(0, t, input);
      }
      session.truncate(0);
      session.feed(tokens, 0, tokens.length);
      return samples;
    } catch (RuntimeException | Error e) {
      samples.close();
      throw e;
    }
  }

  private void routed(int layer, int position, Routing routing, GateInputs inputs) {
    for (int i = 0; i < routing.tokens(); i++) {
      inputs.read(i, input);
      samples.setInput(layer + 1, position + i, input);
      samples.setRouting(
          layer,
          position + i,
          routing.logits(),
          i * routing.experts(),
          routing.ids(),
          i * routing.used());
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
