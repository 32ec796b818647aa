package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Grouped-query attention of new tokens. {@code args} tells the layer, the first token's position
 * and how many tokens there are, see {@link LaunchArgs}. {@code f16}, {@code f32}, {@code useF32}
 * and {@code valuesAt} are the {@link Cache}.
 */
public final class AttentionKernels {
  /** Elements of the largest value: those of DeepSeek's latents. */
  public static final int MAX_VALUE = 512;

  /** Below every score. */
  private static final float LOWEST = -1e30f;

  private AttentionKernels() {}

  /**
   * Rotates queries and keys (RoPE, arXiv 2104.09864), and appends the tokens' keys and values to
   * the cache. One thread per pair of elements: {@code ((heads + kvHeads) * keySize + kvHeads *
   * valueSize) / 2} for each token of the largest batch.
   *
   * @param qkv of each token query, key and value heads one after the other
   * @param angles cosine and sine of each position's pairs, {@code [capacity][dimensions / 2][2]}
   * @param rotated the rotated queries, {@code [tokens][heads][keySize]}
   * @param keySize elements of a query or key, even
   * @param valueSize elements of a value, even
   * @param dimensions leading elements of a head that rotate
   * @param neox 1 if element {@code i} rotates with {@code i + dimensions / 2} (NEOX), 0 if {@code
   *     2i} does with {@code 2i + 1} (NORM)
   */
  public static void append(
      KernelContext context,
      IntArray args,
      FloatArray qkv,
      FloatArray angles,
      FloatArray rotated,
      IntArray f16,
      FloatArray f32,
      int heads,
      int kvHeads,
      int keySize,
      int valueSize,
      int dimensions,
      int neox,
      int capacity,
      int useF32,
      int valuesAt) {
    int words = keySize / 2;
    int valueWords = valueSize / 2;
    int rotating = (heads + kvHeads) * words;
    int all = rotating + kvHeads * valueWords;
    int token = context.globalIdx / all;
    int pair = context.globalIdx - token * all;
    int first = token < args.get(LaunchArgs.TOKENS) ? pair : all;
    int head = first / words;
    int d = 2 * (first % words);
    int begin = token * 2 * all + head * keySize;
    int to = (token * heads + head) * keySize;
    int position = args.get(LaunchArgs.POSITION) + token;
    int angle = position * dimensions;
    int row = args.get(LaunchArgs.LAYER) * kvHeads * capacity + position;
    if (head < heads) {
      rotated.set(to + d, rotate(qkv, begin, d, angles, angle, dimensions, neox));
      rotated.set(to + d + 1, rotate(qkv, begin, d + 1, angles, angle, dimensions, neox));
    } else if (first < rotating) {
      float one = rotate(qkv, begin, d, angles, angle, dimensions, neox);
      float other = rotate(qkv, begin, d + 1, angles, angle, dimensions, neox);
      int cached = row + (head - heads) * capacity;
      Cache.set(f16, f32, useF32, cached * words + d / 2, one, other);
    } else if (first < all) {
      float one = qkv.get(2 * (token * all + first));
      float other = qkv.get(2 * (token * all + first) + 1);
      int valueHead = (first - rotating) / valueWords;
      int cached = row + valueHead * capacity;
      int word = first - rotating - valueHead * valueWords;
      Cache.set(f16, f32, useF32, valuesAt + cached * valueWords + word, one, other);
    }
  }

  /** Element {@code d} of the head at {@code begin}, rotated. */
  static float rotate(
      FloatArray x, int begin, int d, FloatArray angles, int angle, int dimensions, int neox) {
    int pairs = TornadoMath.max(1, dimensions / 2);
    int i = neox == 1 ? d % pairs : d / 2;
    int first = neox == 1 ? begin + i : begin + 2 * i;
    int second = neox == 1 ? first + pairs : first + 1;
    boolean isFirst = neox == 1 ? d < pairs : (d & 1) == 0;
    float result = x.get(begin + d);
    if (d < dimensions) {
      float cos = angles.get(angle + 2 * i);
      float sin = angles.get(angle + 2 * i + 1);
      float a = x.get(first);
      float b = x.get(second);
      result = isFirst ? a * cos - b * sin : a * sin + b * cos;
    }
    return result;
  }

  /**
   * {@code attended = softmax(scale q k) v} over the positions up to the token's, with an online
   * softmax (arXiv 1805.02867), one group per query head of each token of the largest batch. Each
   * thread scores one position of a tile; then each sums some of the head's elements.
   *
   * <p>A sink is the score of one more position, which has no value (arXiv 2309.17453; gpt-oss,
   * arXiv 2508.10925): the sums begin with it.
   *
   * @param floats holds the sinks, {@code [heads]}, where the directory tells
   * @param rotated queries, {@code [tokens][heads][keySize]}
   * @param attended {@code [tokens][heads][valueSize]}
   * @param keySize of a query or key
   * @param valueSize of a value, at most {@link #MAX_VALUE}
   * @param valueStride from a position's value to the next: {@code valueSize}, or {@code keySize}
   *     where values are the first elements of keys, and {@code valuesAt} is 0
   * @param window positions that a token sees, itself included
   * @param sunk 1 with sinks, else 0
   */
  public static void attend(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      FloatArray rotated,
      IntArray f16,
      FloatArray f32,
      FloatArray attended,
      int heads,
      int kvHeads,
      int keySize,
      int valueSize,
      int valueStride,
      int capacity,
      float scale,
      int window,
      int sunk,
      int useF32,
      int valuesAt) {
    int token = context.groupIdx / heads;
    int head = context.groupIdx - token * heads;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] part = context.allocateFloatLocalArray(Groups.MAX_LANES);
    float[] weights = context.allocateFloatLocalArray(Groups.MAX_LANES);
    float[] sums = context.allocateFloatLocalArray(MAX_VALUE);
    int live = token < args.get(LaunchArgs.TOKENS) ? 1 : 0;
    int length = live * (args.get(LaunchArgs.POSITION) + token + 1);
    int words = keySize / 2;
    int valueWords = valueStride / 2;
    int query = context.groupIdx * keySize;
    int cache = (args.get(LaunchArgs.LAYER) * kvHeads + head / (heads / kvHeads)) * capacity;
    float max = LOWEST;
    float total = 0;
    if (sunk == 1) {
      max =
          floats.get(
              directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + Directory.SINKS) + head);
      total = 1;
    }
    for (int d = lane; d < valueSize; d += lanes) {
      sums[d] = 0;
    }
    int first = TornadoMath.max(0, length - window);
    for (int tile = first; tile < length; tile += lanes) {
      int position = tile + lane;
      float score = LOWEST;
      if (position < length) {
        int key = (cache + position) * words;
        score = scale * score(rotated, query, f16, f32, useF32, key, words);
      }
      part[lane] = score;
      for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
        context.localBarrier();
        if (lane < stride) {
          part[lane] = part[lane + stride] > part[lane] ? part[lane + stride] : part[lane];
        }
      }
      context.localBarrier();
      float newMax = part[0] > max ? part[0] : max;
      context.localBarrier();
      float correction = TornadoMath.exp(max - newMax);
      float weight = 0;
      if (position < length) {
        weight = TornadoMath.exp(score - newMax);
      }
      weights[lane] = weight;
      part[lane] = weight;
      for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
        context.localBarrier();
        if (lane < stride) {
          part[lane] = part[lane] + part[lane + stride];
        }
      }
      context.localBarrier();
      total = total * correction + part[0];
      max = newMax;
      int end = length - tile < lanes ? length - tile : lanes;
      for (int d = lane; d < valueSize; d += lanes) {
        float sum = sums[d] * correction;
        int pair = valuesAt + (cache + tile) * valueWords + d / 2;
        for (int i = 0; i < end; i++) {
          sum += weights[i] * Cache.get(f16, f32, useF32, pair + i * valueWords, d & 1);
        }
        sums[d] = sum;
      }
      context.localBarrier();
    }
    for (int d = lane; d < live * valueSize; d += lanes) {
      attended.set(context.groupIdx * valueSize + d, sums[d] / total);
    }
  }

  private static float score(
      FloatArray q, int query, IntArray f16, FloatArray f32, int useF32, int key, int words) {
    float sum = 0;
    for (int i = 0; i < words; i++) {
      sum += q.get(query + 2 * i) * Cache.get(f16, f32, useF32, key + i, 0);
      sum += q.get(query + 2 * i + 1) * Cache.get(f16, f32, useF32, key + i, 1);
    }
    return sum;
  }
}
