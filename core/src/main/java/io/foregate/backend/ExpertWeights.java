package io.foregate.backend;

import io.foregate.model.Matrix;

/**
 * One expert where a kernel can read it.
 *
 * @param gate {@code [feedForward, embedding]}
 * @param up {@code [feedForward, embedding]}
 * @param down {@code [embedding, feedForward]}
 */
public record ExpertWeights(Matrix gate, Matrix up, Matrix down) {}
