package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Memory that stays on the device: moving into it and out of it, and claiming it. */
public final class Memory {
  private Memory() {}

  /**
   * Copies {@code count} words from where transfers arrive to where they belong, one thread per
   * word.
   *
   * <p>TornadoVM gives device memory to arrays that some task of a graph takes: the further
   * parameters are model memory that later graphs consume, and are not touched.
   *
   * @param order {@code [0]}: first word in the pool; {@code [1]}: count
   */
  public static void place(
      KernelContext context,
      IntArray order,
      IntArray staging,
      IntArray pool,
      IntArray weights,
      FloatArray floats,
      IntArray directory,
      FloatArray basis) {
    int i = context.globalIdx;
    int count = order.get(1);
    if (i < count) {
      pool.set(order.get(0) + i, staging.get(i));
    }
    if (count < 0) { // never: see above
      pool.set(0, weights.get(0) + directory.get(0) + (int) (floats.get(0) + basis.get(0)));
    }
  }

  /** The reverse: copies words of the pool to where transfers to the host leave from. */
  public static void collect(
      KernelContext context, IntArray order, IntArray staging, IntArray pool) {
    int i = context.globalIdx;
    if (i < order.get(1)) {
      staging.set(i, pool.get(order.get(0) + i));
    }
  }

  /**
   * Copies words of a KV cache to where transfers to the host leave from, one thread per word.
   *
   * @param order {@code [0]}: first word; {@code [1]}: count
   * @param halves with {@code singles} and {@code single} the {@link Cache}
   * @param outHalves takes words of {@code halves}
   * @param outSingles takes floats of {@code singles}, if they are in use
   */
  public static void fetch(
      KernelContext context,
      IntArray order,
      IntArray halves,
      FloatArray singles,
      IntArray outHalves,
      FloatArray outSingles,
      int single) {
    int i = context.globalIdx;
    if (i < order.get(1)) {
      if (single == 1) {
        outSingles.set(i, singles.get(order.get(0) + i));
      } else {
        outHalves.set(i, halves.get(order.get(0) + i));
      }
    }
  }

  /** The reverse of {@link #fetch}. */
  public static void restore(
      KernelContext context,
      IntArray order,
      IntArray halves,
      FloatArray singles,
      IntArray inHalves,
      FloatArray inSingles,
      int single) {
    int i = context.globalIdx;
    if (i < order.get(1)) {
      if (single == 1) {
        singles.set(order.get(0) + i, inSingles.get(i));
      } else {
        halves.set(order.get(0) + i, inHalves.get(i));
      }
    }
  }

  /**
   * Claims the memory of a sequence. Touches nothing, see {@link #place}.
   *
   * @param order {@code [0]}: 0
   */
  public static void claim(
      KernelContext context,
      IntArray order,
      IntArray halves,
      FloatArray singles,
      FloatArray angles,
      FloatArray x,
      FloatArray normed,
      FloatArray qkv,
      FloatArray rotated,
      FloatArray attended,
      FloatArray hidden,
      FloatArray out,
      IntArray codes,
      FloatArray scales,
      FloatArray sums,
      FloatArray gateInput,
      FloatArray gateHidden) {
    if (order.get(0) < 0) { // never
      x.set(0, normed.get(0) + qkv.get(0) + rotated.get(0) + attended.get(0));
      x.set(0, hidden.get(0) + out.get(0) + angles.get(0) + halves.get(0) + singles.get(0));
      x.set(0, codes.get(0) + scales.get(0) + sums.get(0) + gateInput.get(0) + gateHidden.get(0));
    }
  }
}
