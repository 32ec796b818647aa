package io.foregate.backend.cpu;

import io.foregate.model.RopeConfig;
import io.foregate.model.RopeStyle;

/**
 * Rotates pairs of elements of queries and keys by angles that grow with the position (arXiv
 * 2104.09864): pair {@code i} of position {@code p} by {@code p} times {@link
 * RopeConfig#frequencies}.
 */
final class RotaryEmbedding {
  private final RopeConfig rope;
  private final int pairs;
  private final double[] frequencies;
  private float[] cos = {};
  private float[] sin = {};

  RotaryEmbedding(RopeConfig rope) {
    this.rope = rope;
    this.pairs = rope.dimensions() / 2;
    this.frequencies = rope.frequencies();
  }

  /** Prepares the angles of {@code count} tokens that stand at {@code position ..}. */
  void prepare(int position, int count) {
    if (cos.length < count * pairs) {
      cos = new float[count * pairs];
      sin = new float[count * pairs];
    }
    float magnitude = rope.magnitude();
    for (int t = 0; t < count; t++) {
      for (int i = 0; i < pairs; i++) {
        double angle = (position + t) * frequencies[i];
        cos[t * pairs + i] = magnitude * (float) Math.cos(angle);
        sin[t * pairs + i] = magnitude * (float) Math.sin(angle);
      }
    }
  }

  /**
   * Rotates {@code heads} heads of token {@code t}, which lie one after the other from {@code at}.
   */
  void rotate(float[] x, int at, int heads, int headSize, int t) {
    boolean neighbours = rope.style() == RopeStyle.NORM;
    int step = neighbours ? 2 : 1;
    int partner = neighbours ? 1 : pairs;
    int angles = t * pairs;
    for (int head = 0; head < heads; head++) {
      int begin = at + head * headSize;
      for (int i = 0; i < pairs; i++) {
        int a = begin + i * step;
        int b = a + partner;
        float c = cos[angles + i];
        float s = sin[angles + i];
        float first = x[a];
        float second = x[b];
        x[a] = first * c - second * s;
        x[b] = first * s + second * c;
      }
    }
  }
}
