package io.foregate.kernels;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The KV cache of a sequence: pairs of elements, in one of two arrays, as no number can be read
 * both as an integer and as a float. {@code f16} holds a pair as a word, F16, the first element in
 * its lower half; {@code f32} as two floats. Which of them is in use is a constant of the kernels,
 * {@code useF32}, 1 or 0; the other is not touched.
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
  static float get(IntArray f16, FloatArray f32, int useF32, int pair, int second) {
    float value;
    if (useF32 == 1) {
      value = f32.get(2 * pair + second);
    } else {
      value = F16Bits.decode(f16.get(pair) >> (16 * second));
    }
    return value;
  }

  static void set(IntArray f16, FloatArray f32, int useF32, int pair, float first, float second) {
    if (useF32 == 1) {
      f32.set(2 * pair, first);
      f32.set(2 * pair + 1, second);
    } else {
      f16.set(pair, F16Bits.encode(first) | (F16Bits.encode(second) << 16));
    }
  }
}
