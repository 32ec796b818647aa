package io.foregate.tornado.products;

import io.foregate.kernels.LaunchArgs;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Tells kernels which networks a token passes in a launch.
 *
 * @param args the launch arguments
 * @param used networks of a token
 */
public record TokenNetworkArgs(IntArray args, int used) {

  /** An array for them. */
  public static IntArray array(int used) {
    var args = new IntArray(LaunchArgs.record(3 * used));
    args.init(0);
    return args;
  }

  /**
   * The launch's network {@code i}.
   *
   * @param word first of its record
   * @param rank among the networks of the token
   * @param expert which of the layer's it is
   */
  public void place(int i, int word, int rank, int expert) {
    args.set(LaunchArgs.record(i), word);
    args.set(LaunchArgs.rank(used, i), rank);
    args.set(LaunchArgs.expert(used, i), expert);
  }

  /**
   * Nothing more in this launch.
   *
   * @param count networks that were placed
   * @param last whether the weighted sum is due
   */
  public void end(int layer, int count, boolean last) {
    args.set(LaunchArgs.LAYER, layer);
    args.set(LaunchArgs.NETWORKS, count);
    args.set(LaunchArgs.SUM_DUE, last ? 1 : 0);
  }
}
