package io.foregate.quant;

/** Working memory of one thread for {@link VectorKernels#matMul}; reusable, not shared. */
public final class Scratch {
  /** Decoded weights: {@link #TILE_ROWS} rows of up to {@link #TILE_COLS} columns. */
  static final int TILE_ROWS = 1;

  static final int TILE_COLS = 256;

  final float[] tile = new float[TILE_ROWS * TILE_COLS];
}
