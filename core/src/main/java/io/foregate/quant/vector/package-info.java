/**
 * Products of weights with activations, and other loops over floats: {@link
 * io.foregate.quant.vector.VectorKernels}, in plain Java, with the Vector API, and in machine code.
 *
 * <p>More than 25 files: the implementations of a sealed interface, and the activations that they
 * read without a call, must lie in one package.
 */
package io.foregate.quant.vector;
