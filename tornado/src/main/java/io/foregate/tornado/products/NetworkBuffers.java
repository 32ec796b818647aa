package io.foregate.tornado.products;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What feed-forward networks read and write.
 *
 * @param normed what they read, {@code [tokens][embedding]}
 * @param hidden activations inside them, {@code [tokens][used][width]}
 * @param outputs of each, {@code [tokens][used][embedding]}
 * @param residual to which the weighted sum is added, {@code [tokens][embedding]}
 */
public record NetworkBuffers(
    FloatArray normed, FloatArray hidden, FloatArray outputs, FloatArray residual) {}
