package io.foregate;

/**
 * Memory of a model, in bytes.
 *
 * @param weights the mapped file; the operating system may drop and reread its pages
 * @param kvCache keys and values of all open sequences, off the Java heap
 * @param heap used Java heap of the process
 */
public record MemoryUse(long weights, long kvCache, long heap) {}
