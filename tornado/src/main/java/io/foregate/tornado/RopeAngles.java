package io.foregate.tornado;

import io.foregate.model.RopeFacts;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Angles of rotary position embeddings, in double precision as the processor's backend has them.
 */
final class RopeAngles {
  private RopeAngles() {}

  /**
   * Cosine and sine of pair {@code i} of each position, times the magnitude, {@code
   * [capacity][dimensions / 2][2]}. TornadoVM has no empty arrays.
   */
  static FloatArray of(RopeFacts facts, int capacity) {
    double[] frequencies = facts.frequencies();
    int pairs = frequencies.length;
    var angles = new FloatArray(Math.max(1, Math.multiplyExact(capacity, 2 * pairs)));
    float magnitude = facts.magnitude();
    for (int i = 0; i < pairs; i++) {
      for (int position = 0; position < capacity; position++) {
        double angle = position * frequencies[i];
        angles.set((position * pairs + i) * 2, magnitude * (float) Math.cos(angle));
        angles.set((position * pairs + i) * 2 + 1, magnitude * (float) Math.sin(angle));
      }
    }
    return angles;
  }
}
