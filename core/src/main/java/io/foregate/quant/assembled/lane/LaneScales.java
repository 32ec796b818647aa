package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Vec;

/**
 * What the sub-blocks of a block of 256 elements are multiplied with and what is subtracted from
 * them, as floats in the lanes of {@link LaneCodes}.
 */
interface LaneScales {
  /** Whether something is subtracted. */
  boolean hasMinima();

  /** Reads what all parts of a block share into registers that it takes. */
  void begin(ProductFrame f);

  /**
   * Makes a part's floats.
   *
   * @param minimum unused without minima
   * @param codes what the scales will meet
   */
  void read(ProductFrame f, int part, Vec scale, Vec minimum, LaneCodes codes);
}
