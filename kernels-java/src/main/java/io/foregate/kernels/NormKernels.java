package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** RMSNorm (arXiv 1910.07467), one work group per token. */
public final class NormKernels {
  private NormKernels() {}

  /**
   * {@code out_t = weight * x_t / rms(x_t) + bias}, and {@code plain_t = x_t / rms(x_t)}.
   *
   * @param args the layer whose norm it is
   * @param floats holds weight and bias, {@code [size]}, where the directory tells
   * @param x {@code [tokens][size]}
   * @param out {@code [groups][size]}
   * @param plain {@code [groups][size]} from {@code plainAt} on; not written if that is negative
   * @param first which element of {@code args} tells the first token; if negative, that is 0
   * @param part of the {@link Directory}
   * @param biasPart likewise; if negative, there is no bias
   * @param epsilon added to the mean square
   */
  public static void rms(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      FloatArray x,
      FloatArray out,
      FloatArray plain,
      int plainAt,
      int first,
      int part,
      int biasPart,
      int size,
      float epsilon) {
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int to = context.groupIdx * size;
    int from = to;
    if (first >= 0) {
      from += args.get(first) * size;
    }
    float sum = 0;
    for (int i = lane; i < size; i += lanes) {
      sum += x.get(from + i) * x.get(from + i);
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
    int entry = args.get(LaunchArgs.LAYER) * Directory.PARTS;
    int weight = directory.get(entry + part);
    int bias = 0;
    if (biasPart >= 0) {
      bias = directory.get(entry + biasPart);
    }
    for (int i = lane; i < size; i += lanes) {
      float normed = x.get(from + i) * factor;
      if (plainAt >= 0) {
        plain.set(plainAt + to + i, normed);
      }
      if (biasPart >= 0) { // the host does it likewise where it has but plain
        out.set(to + i, ExactMath.fma(normed, floats.get(weight + i), floats.get(bias + i)));
      } else {
        out.set(to + i, normed * floats.get(weight + i));
      }
    }
  }
}
