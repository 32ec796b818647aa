package io.foregate.tornado.weights;

import java.util.OptionalInt;

/**
 * What kernels of a layer with latent attention are compiled for.
 *
 * @param queryUp type of the second half of queries of low rank; empty where queries are made of
 *     the residual
 * @param keys from queries to the latent's space
 * @param values from the latent's space to values
 */
public record LatentMaps(OptionalInt queryUp, HeadMaps keys, HeadMaps values) {

  /**
   * A matrix per head.
   *
   * @param type that kernels see
   * @param size from one head's matrix to the next, in words or floats
   * @param transposed whether they are multiplied with their columns
   */
  public record HeadMaps(int type, int size, boolean transposed) {}
}
