package io.foregate.quant;

/**
 * Working memory of one thread for {@link VectorKernels#matMul}: reusable, not shared, about 100
 * KiB.
 */
public final class Scratch {
  /** Decoded weights are {@code [TILE_ROWS][TILE_COLS]}, which stays in a second-level cache. */
  static final int TILE_ROWS = 32;

  static final int TILE_COLS = 256;

  /** Batches are worked off in as many panels of activations, at most 16 wide. */
  static final int MAX_PANELS = 32;

  final float[] tile = new float[TILE_ROWS * TILE_COLS];

  /** Products of the tile so far, {@code [panel][TILE_ROWS][lane]}. */
  final float[] sums = new float[MAX_PANELS * TILE_ROWS * 16];
}
