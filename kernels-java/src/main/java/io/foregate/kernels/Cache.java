package io.foregate.kernels;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The KV cache of a sequence: pairs of elements, in one of two arrays, as no number can be read
 * both as an integer and as a float. {@code halves} holds a pair as a word, F16, the first element
 * in its lower half; {@code singles} as two floats. Which of them is in use is a constant of the
 * kernels, {@code single}, 1 or 0; the other is not touched.
 *
 * <p>Keys come first, {@code [layers][kvHeads][capacity][keySize / 2]} pairs, rotated, and behind
 * them, from the pair {@code valuesAt} on, values, {@code [layers][kvHeads][capacity][valueSize /
 * 2]}.
 */
final class Cache {
  private Cache() {}

  /**
   * An element of a pair.
   *
   * @param second 1 for the second, 0 for the first
   */
  static float get(IntArray halves, FloatArray singles, int single, int pair, int second) {
    float value;
    if (single == 1) {
      value = singles.get(2 * pair + second);
    } else {
      value = Halves.decode(halves.get(pair) >> (16 * second));
    }
    return value;
  }

  static void set(
      IntArray halves, FloatArray singles, int single, int pair, float first, float second) {
    if (single == 1) {
      singles.set(2 * pair, first);
      singles.set(2 * pair + 1, second);
    } else {
      halves.set(pair, Halves.encode(first) | (Halves.encode(second) << 16));
    }
  }
}
