package io.foregate.quant.vector;

import java.lang.foreign.MemorySegment;

/**
 * An array that machine code reads and writes, and its segment, which would otherwise be an object
 * per call.
 */
public record HeapFloats(float[] array, MemorySegment segment) {
  /** A new array. */
  public static HeapFloats of(int elements) {
    return of(new float[elements]);
  }

  /** Of an array that is there. */
  public static HeapFloats of(float[] array) {
    return new HeapFloats(array, MemorySegment.ofArray(array));
  }

  /** Elements. */
  public int length() {
    return array.length;
  }

  /** Whether this is of that very array, whatever is in it. */
  @SuppressWarnings("ReferenceEquality")
  public boolean isOf(float[] other) {
    return array == other;
  }
}
