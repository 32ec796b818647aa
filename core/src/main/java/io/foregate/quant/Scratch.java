package io.foregate.quant;

import io.foregate.gguf.GgmlType;

/**
 * Working memory of one thread for {@link VectorKernels#matVec} and {@link VectorKernels#matMul}:
 * reusable, not shared, about 120 KiB.
 */
public final class Scratch {
  /** Decoded weights are {@code [TILE_ROWS][TILE_COLS]}, which stays in a second-level cache. */
  static final int TILE_ROWS = 32;

  static final int TILE_COLS = 256;

  /** Batches are worked off in as many panels of activations, at most 16 wide. */
  static final int MAX_PANELS = 32;

  /** Sub-blocks of K types whose scales are spread out at a time. */
  static final int SCALES = 1024;

  final float[] tile = new float[TILE_ROWS * TILE_COLS];

  /** Products of the tile so far, {@code [panel][TILE_ROWS][lane]}. */
  final float[] sums = new float[MAX_PANELS * TILE_ROWS * 16];

  /** The bytes of that stretch. */
  final byte[] row = new byte[(int) GgmlType.Q6_K.byteSize(16L * SCALES)];

  /** The block that scalar kernels are at. */
  final UnpackedBlock block = new UnpackedBlock();

  /** Scales of a stretch of a weight row, times those of the activation. */
  final float[] scales = new float[SCALES];
}
