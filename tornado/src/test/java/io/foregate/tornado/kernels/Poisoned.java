package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Results before they are written: NaN, and behind them a fence that no kernel may cross. */
final class Poisoned {
  private static final int FENCE = 5;
  private static final float MARK = -12345.5f;

  private Poisoned() {}

  static FloatArray array(int size) {
    var array = new FloatArray(size + FENCE);
    for (int i = 0; i < size; i++) {
      array.set(i, Float.NaN);
    }
    for (int i = size; i < size + FENCE; i++) {
      array.set(i, MARK);
    }
    return array;
  }

  static void assertWritten(FloatArray array) {
    int size = array.getSize() - FENCE;
    for (int i = 0; i < size; i++) {
      assertThat(array.get(i)).as("element %d of %d", i, size).isFinite();
    }
    for (int i = size; i < size + FENCE; i++) {
      assertThat(array.get(i)).as("element %d, behind the last", i).isEqualTo(MARK);
    }
  }
}
