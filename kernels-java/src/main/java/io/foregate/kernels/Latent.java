package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Multi-head latent attention (MLA; DeepSeek-V2, arXiv 2405.04434, section 2.1): of a token, the
 * cache holds one vector for all heads, which {@link AttentionKernels#attend} reads as the key of a
 * single head, and its first elements as the value. {@link HeadProductKernels} map queries to its
 * space and results back from it.
 */
public final class Latent {
  private Latent() {}

  /**
   * Normalizes the tokens' latents (RMSNorm), rotates the keys behind them (RoPE, arXiv 2104.09864)
   * and appends both to the cache; and rotates the last part of each query. One group per token of
   * the largest batch.
   *
   * @param args the layer, the first token's position, and how many tokens there are
   * @param floats holds the norm's weight, {@code [rank]}, where the directory tells {@link
   *     Directory#KEY_NORM}
   * @param in of each token query heads of {@code keySize + rotated}, the latent of {@code rank},
   *     and a key of {@code rotated}
   * @param angles see {@link AttentionKernels#append}
   * @param queries {@code [tokens][heads][rank + rotated]}, of which the last {@code rotated} are
   *     written
   * @param f16 with {@code f32} and {@code useF32} the {@link Cache}, of keys alone, {@code
   *     [layers][capacity][(rank + rotated) / 2]} pairs
   * @param keySize elements of a query that are not rotated
   * @param rotated elements of a query or key that are, even
   * @param rank elements of a latent, even
   * @param neox see {@link AttentionKernels#append}
   * @param epsilon added to the mean square
   */
  public static void append(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      FloatArray in,
      FloatArray angles,
      FloatArray queries,
      IntArray f16,
      FloatArray f32,
      int heads,
      int keySize,
      int rotated,
      int rank,
      int neox,
      int capacity,
      int useF32,
      float epsilon) {
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int token = context.groupIdx;
    int live = token < args.get(LaunchArgs.TOKENS) ? 1 : 0;
    int position = args.get(LaunchArgs.POSITION) + token;
    int size = keySize + rotated;
    int begin = token * (heads * size + rank + rotated);
    int latent = begin + heads * size;
    float sum = 0;
    for (int i = lane; i < live * rank; i += lanes) {
      sum += in.get(latent + i) * in.get(latent + i);
    }
    sums[lane] = sum;
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        sums[lane] = sums[lane] + sums[lane + stride];
      }
    }
    context.localBarrier();
    float factor = 1 / TornadoMath.sqrt(sums[0] / rank + epsilon);
    int weight = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + Directory.KEY_NORM);
    int row = (args.get(LaunchArgs.LAYER) * capacity + position) * ((rank + rotated) / 2);
    for (int i = lane; i < live * (rank / 2); i += lanes) {
      float first = in.get(latent + 2 * i) * factor * floats.get(weight + 2 * i);
      float second = in.get(latent + 2 * i + 1) * factor * floats.get(weight + 2 * i + 1);
      Cache.set(f16, f32, useF32, row + i, first, second);
    }
    int angle = position * rotated;
    int key = latent + rank;
    for (int i = lane; i < live * (rotated / 2); i += lanes) {
      float first = AttentionKernels.rotate(in, key, 2 * i, angles, angle, rotated, neox);
      float second = AttentionKernels.rotate(in, key, 2 * i + 1, angles, angle, rotated, neox);
      Cache.set(f16, f32, useF32, row + rank / 2 + i, first, second);
    }
    for (int i = lane; i < live * heads * rotated; i += lanes) {
      int head = i / rotated;
      int d = i - head * rotated;
      int query = begin + head * size + keySize;
      int to = (token * heads + head) * (rank + rotated) + rank + d;
      queries.set(to, AttentionKernels.rotate(in, query, d, angles, angle, rotated, neox));
    }
  }
}
