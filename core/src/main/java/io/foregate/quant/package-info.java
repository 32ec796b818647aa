/**
 * ggml's number formats: {@link io.foregate.quant.Quants} says what they mean, {@link
 * io.foregate.quant.VectorKernels} computes with them fast.
 */
package io.foregate.quant;
