package io.foregate.engine.experts;

import io.foregate.backend.Routing;

/**
 * How the experts that a layer's router chose come to run. Each session has its own; it is used
 * while the session has its turn on the device.
 */
public interface ExpertRunner {

  /** A batch begins: {@code tokens[from, to)}, which have been embedded. */
  void begin(int[] tokens, int from, int to);

  /** Runs all experts that were chosen. */
  void run(int layer, Routing routing);

  /** The layer's outputs have been combined. */
  void end(int layer);

  /** The sequence has been cut, or begins anew: what was seen of it says nothing any more. */
  void reset();
}
