/**
 * ggml's number formats. Every block format is data, in {@link
 * io.foregate.quant.format.FormatTable}: a {@link io.foregate.quant.format.BlockFormat} says where
 * in a block the bits of codes and scales stand. Decoding ({@link
 * io.foregate.quant.format.UnpackedBlock}), packing ({@link io.foregate.quant.format.BlockPacker})
 * and the planes of devices follow from it; products are written by hand, and tests hold them to
 * it.
 */
package io.foregate.quant.format;
