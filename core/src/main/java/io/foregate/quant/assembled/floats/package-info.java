/**
 * Loops over floats: {@link io.foregate.quant.assembled.floats.FloatFrame} for rows of F32, F16 and
 * BF16, {@link io.foregate.quant.assembled.floats.GemmFrame} for tiles, {@link
 * io.foregate.quant.assembled.floats.LoopFrame} for what is made element by element.
 */
package io.foregate.quant.assembled.floats;
