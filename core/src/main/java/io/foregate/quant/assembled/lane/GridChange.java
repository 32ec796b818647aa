package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Vec;

/** Writes what makes codes of a grid's entries, beside {@link GridCodes}. */
interface GridChange {
  /** What the table has for a value of the grid. */
  int stored(int value);

  /** The largest code. */
  int greatest();

  /** What is to be subtracted from a code. */
  int centre();

  /** Reads what {@link #apply} needs into registers that it takes. */
  void begin(ProductFrame f, int part);

  /** Makes codes of what the table had for the codes {@code 4 k} and following of a lane. */
  void apply(ProductFrame f, Vec codes, int k);
}
