package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What some families do with queries, keys and values between their products and RoPE. */
public final class QueryKey {
  private QueryKey() {}

  /**
   * Adds biases to queries, keys and values, and normalizes spans of queries and keys (RMSNorm,
   * arXiv 1910.07467): heads (Qwen 3) or all heads of a token at once (OLMoE, arXiv 2409.02060). In
   * place; {@code querySize / querySpan + keySize / keySpan + 1} groups for each token of the
   * largest batch, the last of them for the values.
   *
   * @param args the layer, and the tokens of the batch
   * @param floats holds biases, each as long as what it is added to, and the norms' weights, which
   *     all spans of queries share and all spans of keys, where the directory tells
   * @param qkv of each token queries, keys and values one after the other
   * @param querySize elements of all of a token's queries
   * @param keySize of all of its keys
   * @param valueSize of all of its values
   * @param querySpan elements of queries that are normalized together
   * @param keySpan likewise of keys
   * @param biased 1 with biases, else 0
   * @param normed 1 with norms, else 0
   * @param epsilon added to the mean square
   */
  public static void adjust(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      FloatArray qkv,
      int querySize,
      int keySize,
      int valueSize,
      int querySpan,
      int keySpan,
      int biased,
      int normed,
      float epsilon) {
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int queries = querySize / querySpan;
    int keys = keySize / keySpan;
    int token = context.groupIdx / (queries + keys + 1);
    int span = context.groupIdx - token * (queries + keys + 1);
    int inside = 0; // where the span begins in the queries, the keys or the values
    int before = querySize + keySize;
    int size = valueSize;
    int biasPart = Directory.VALUE_BIAS;
    int normPart = Directory.KEY_NORM;
    int toNorm = 0;
    if (span < queries + keys) {
      inside = (span - queries) * keySpan;
      before = querySize;
      size = keySpan;
      toNorm = keySpan;
      biasPart = Directory.KEY_BIAS;
    }
    if (span < queries) {
      inside = span * querySpan;
      before = 0;
      size = querySpan;
      toNorm = querySpan;
      biasPart = Directory.QUERY_BIAS;
      normPart = Directory.QUERY_NORM;
    }
    int live = token < args.get(LaunchArgs.TOKENS) ? 1 : 0;
    int from = token * (querySize + keySize + valueSize) + before + inside;
    int entry = args.get(LaunchArgs.LAYER) * Directory.PARTS;
    if (biased == 1) {
      int bias = directory.get(entry + biasPart) + inside;
      for (int i = lane; i < live * size; i += lanes) {
        qkv.set(from + i, qkv.get(from + i) + floats.get(bias + i));
      }
    }
    if (normed == 1) {
      float sum = 0;
      for (int i = lane; i < live * toNorm; i += lanes) { // what this thread has written itself
        sum += qkv.get(from + i) * qkv.get(from + i);
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
      int weight = directory.get(entry + normPart);
      for (int i = lane; i < live * toNorm; i += lanes) {
        qkv.set(from + i, qkv.get(from + i) * factor * floats.get(weight + i));
      }
    }
  }
}
