/**
 * The default backend: the {@link io.foregate.quant.vector.VectorKernels} on a fixed set of
 * threads, weights read straight from the mapped file.
 */
package io.foregate.backend.cpu;
