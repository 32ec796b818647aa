/**
 * Products of quantized rows in machine code, written when a type is first used. The meaning of
 * each is that of the scalar kernels; how activations lie in memory for them is said by {@link
 * io.foregate.quant.assembled.ActivationLayout}.
 *
 * <p>More than 25 files: four frames write loops (rows of 32-blocks, of floats, of 256-blocks, and
 * tiles), and formats are put together from small parts that take a frame's registers, which nobody
 * outside may see.
 */
package io.foregate.quant.assembled;
