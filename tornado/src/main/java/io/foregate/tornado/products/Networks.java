package io.foregate.tornado.products;

import io.foregate.tornado.weights.FeedForwardTypes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Feed-forward networks: a layer's experts, its shared expert, or the one of a dense layer.
 *
 * @param pool memory of their records
 * @param weights of the tokens' networks, {@code [tokens][used]}
 * @param types that their kernels are compiled for
 * @param choices networks that there are to choose from
 */
public record Networks(IntArray pool, FloatArray weights, FeedForwardTypes types, int choices) {
  int used() {
    return types.used();
  }
}
