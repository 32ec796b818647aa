package io.foregate.tornado.weights;

import io.foregate.model.RopeConfig;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Angles of rotary position embeddings, in double precision as the CPU backend has them. */
public final class RopeAngles {
  private RopeAngles() {}

  /**
   * Cosine and sine of pair {@code i} of each position, times the magnitude, {@code
   * [capacity][dimensions / 2][2]}. TornadoVM has no empty arrays.
   */
  public static FloatArray of(RopeConfig rope, int capacity) {
    double[] frequencies = rope.frequencies();
    int pairs = frequencies.length;
    var angles = new FloatArray(Math.max(1, Math.multiplyExact(capacity, 2 * pairs)));
    float magnitude = rope.magnitude();
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
