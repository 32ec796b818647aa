package io.foregate.tornado;

import io.foregate.model.RopeFacts;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Angles of rotary position embeddings, in double precision as the processor's backend has them.
 */
final class RopeAngles {
  private RopeAngles() {}

  /** Cosine and sine of pair {@code i} of each position, {@code [capacity][dimensions / 2][2]}. */
  static FloatArray of(RopeFacts facts, int capacity) {
    int pairs = facts.dimensions() / 2;
    var angles = new FloatArray(Math.multiplyExact(capacity, 2 * pairs));
    for (int i = 0; i < pairs; i++) {
      double frequency = Math.pow(facts.base(), -2.0 * i / facts.dimensions()) * facts.scale();
      if (facts.factors().length > 0) {
        frequency /= facts.factors()[i];
      }
      for (int position = 0; position < capacity; position++) {
        double angle = position * frequency;
        angles.set((position * pairs + i) * 2, (float) Math.cos(angle));
        angles.set((position * pairs + i) * 2 + 1, (float) Math.sin(angle));
      }
    }
    return angles;
  }
}
