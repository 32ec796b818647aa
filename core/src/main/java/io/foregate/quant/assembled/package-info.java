/**
 * Products of quantized rows in machine code, written when a type is first used. The meaning of
 * each is that of the scalar kernels; how activations lie in memory for them is said by {@link
 * io.foregate.quant.assembled.activation.ActivationLayout}.
 *
 * <p>The rooms write functions, each by a frame, which has the loops and the registers, and by the
 * parts that formats are put together from. This package calls them.
 */
package io.foregate.quant.assembled;
