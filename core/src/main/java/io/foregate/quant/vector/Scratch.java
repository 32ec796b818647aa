package io.foregate.quant.vector;

import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Working memory of one thread for {@link VectorKernels#matVec} and {@link VectorKernels#matMul}:
 * reusable, not shared, about 100 KiB, and half a MiB more for batches.
 */
public final class Scratch {
  /** Decoded weights are {@code [TILE_ROWS][TILE_COLS]}, which stays in a second-level cache. */
  static final int TILE_ROWS = 32;

  static final int TILE_COLS = 256;

  /** Batches are worked off in as many panels of activations, at most 16 wide. */
  static final int MAX_PANELS = 32;

  /** Sub-blocks of K types whose scales are spread out at a time. */
  static final int SCALES = 1024;

  /** The longest panel. */
  static final long PANEL_BYTES = 512 << 10;

  /** Rows of a call of machine code at most. */
  static final int RESULT_ROWS = 256;

  /** What machine code computes, {@code [tokens][rows]}. */
  final MemorySegment results =
      Arena.ofAuto().allocate(4L * RESULT_ROWS * RowProducts.MAX_TOKENS, 64);

  private MemorySegment panel = MemorySegment.NULL;

  /** Rows that were made of planes. */
  private MemorySegment blocks = MemorySegment.NULL;

  final float[] tile = new float[TILE_ROWS * TILE_COLS];

  /** Products of the tile so far, {@code [panel][TILE_ROWS][lane]}. */
  final float[] sums = new float[MAX_PANELS * TILE_ROWS * 16];

  /** The block that scalar kernels, or decoding, are at. */
  public final UnpackedBlock block = new UnpackedBlock();

  /** Of {@link ExactSums}. */
  final float[] chains = new float[ExactSums.MAX_CHAINS];

  /** Integer scales of a stretch of a weight row; vectors of them may be read past its end. */
  final int[] scales = new int[SCALES + 8];

  /** Float scales of its blocks, times those of the activation. */
  final float[] factors = new float[SCALES / 16];

  /** What its products come to, the sum of eight lanes. */
  final float[] sumsOfProducts = new float[8];

  /** What is to be subtracted from them, the sum of eight lanes. */
  final float[] subtracted = new float[8];

  /** Room for a panel of unpacked rows, {@link #PANEL_BYTES}: only batches need it. */
  MemorySegment panel() {
    if (panel.byteSize() == 0) {
      panel = Arena.ofAuto().allocate(PANEL_BYTES, 64);
    }
    return panel;
  }

  /** Native memory of so many bytes, or more; what an earlier call gave is gone. */
  MemorySegment blocks(long bytes) {
    if (blocks.byteSize() < bytes) {
      blocks = Arena.ofAuto().allocate(bytes, 64);
    }
    return blocks;
  }
}
