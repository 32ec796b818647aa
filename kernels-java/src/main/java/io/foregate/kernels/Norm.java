package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** RMSNorm (arXiv 1910.07467), by one work group. */
public final class Norm {
  private Norm() {}

  /**
   * {@code out = weight * x / rms(x)}, and {@code plain = x / rms(x)}.
   *
   * @param step {@code [0]}: the layer whose norm it is
   * @param floats holds the weight, {@code [size]}, where the directory tells
   * @param x {@code [size]}
   * @param out {@code [size]}
   * @param plain written from {@code plainAt} on; not at all if that is negative
   * @param part of the {@link Directory}
   * @param epsilon added to the mean square
   */
  public static void rms(
      KernelContext context,
      IntArray step,
      IntArray directory,
      FloatArray floats,
      FloatArray x,
      FloatArray out,
      FloatArray plain,
      int plainAt,
      int part,
      int size,
      float epsilon) {
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MOST);
    float sum = 0;
    for (int i = lane; i < size; i += lanes) {
      sum += x.get(i) * x.get(i);
    }
    sums[lane] = sum;
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        sums[lane] = sums[lane] + sums[lane + stride];
      }
    }
    context.localBarrier();
    float factor = 1 / TornadoMath.sqrt(sums[0] / size + epsilon);
    int weight = directory.get(step.get(0) * Directory.PARTS + part);
    for (int i = lane; i < size; i += lanes) {
      float normed = x.get(i) * factor;
      if (plainAt >= 0) {
        plain.set(plainAt + i, normed);
      }
      out.set(i, floats.get(weight + i) * normed);
    }
  }
}
