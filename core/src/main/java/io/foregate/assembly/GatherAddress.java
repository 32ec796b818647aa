package io.foregate.assembly;

/**
 * Memory at {@code base + index * scale + displacement}, a place for each 32-bit lane of the index.
 *
 * @param scale 1, 2, 4 or 8
 */
public record GatherAddress(Gpr base, Vec index, int scale, int displacement) {
  public GatherAddress {
    if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
      throw new IllegalArgumentException("a scale is 1, 2, 4 or 8, not " + scale);
    }
  }
}
