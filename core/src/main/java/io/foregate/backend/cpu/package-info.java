/**
 * The default backend: the {@link io.foregate.quant.vector.VectorKernels} on a fixed set of
 * threads, weights read straight from the mapped file.
 *
 * <p>More than 25 files: the steps of one forward pass, which share scratch that nobody else sees.
 */
package io.foregate.backend.cpu;
