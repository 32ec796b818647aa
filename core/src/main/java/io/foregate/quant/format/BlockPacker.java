package io.foregate.quant.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Packs codes and scales into blocks: the inverse of {@link UnpackedBlock}. Mutable scratch, one
 * per thread.
 */
public final class BlockPacker {
  private final BlockFormat format;
  private final PackedIntegers elements;
  private final byte[] block;
  private final int[] scratch;

  /**
   * @throws IllegalArgumentException if elements have no codes of their own
   */
  public BlockPacker(BlockFormat format) {
    this.format = format;
    this.elements = format.elementCodes().orElseThrow(() -> Quants.unsupported(format.type()));
    this.block = new byte[format.type().blockBytes() + BitPlane.PADDING];
    this.scratch = new int[format.subBlocks()];
  }

  /**
   * Writes one block at {@code to}.
   *
   * @param d scale of the block, which is rounded to what its factor can say
   * @param min minimum of the block, of types that have one: {@code d * scale * q - min * minimum}
   * @param scales codes of the sub-blocks' scales, of types that have them, as the formula wants
   *     them (Q3_K and IQ4_XS: -32..31)
   * @param minima codes of the sub-blocks' minima
   * @param q codes as they are stored: from 0, or an index of the codebook
   */
  public void pack(
      float d, float min, int[] scales, int[] minima, int[] q, MemorySegment dst, long to) {
    Arrays.fill(block, (byte) 0);
    int subs = format.subBlocks();
    elements.write(q, 0, block);
    format.scales().write(d, scales, subs, scratch, block);
    if (format.minima().isPresent()) {
      format.minima().get().write(min, minima, subs, scratch, block);
    }
    MemorySegment.copy(block, 0, dst, ValueLayout.JAVA_BYTE, to, format.type().blockBytes());
  }
}
