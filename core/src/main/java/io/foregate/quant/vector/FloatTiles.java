package io.foregate.quant.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads stretches of f16 or floats. */
public final class FloatTiles {
  private FloatTiles() {}

  /**
   * Copies {@code count} elements to {@code target}.
   *
   * @param at of the first, in bytes
   * @param f16s scratch for as many
   */
  public static void read(
      boolean f16, MemorySegment source, long at, int count, short[] f16s, float[] target) {
    if (!f16) {
      MemorySegment.copy(source, ValueLayout.JAVA_FLOAT, at, target, 0, count);
      return;
    }
    MemorySegment.copy(source, ValueLayout.JAVA_SHORT, at, f16s, 0, count);
    for (int i = 0; i < count; i++) { // arrays on both sides: the JIT makes this a vector loop
      target[i] = Float.float16ToFloat(f16s[i]);
    }
  }
}
