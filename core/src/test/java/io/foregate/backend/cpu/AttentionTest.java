package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.model.ModelConfig;
import io.foregate.options.KvType;
import io.foregate.quant.vector.VectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds the tiled attention to the formula in double precision. */
class AttentionTest {
  private static final int LAYER = 1;

  @ParameterizedTest(name = "{0} heads, {1} kv, size {2}, {3} threads, batches {4}, {5}")
  @CsvSource({
    "4, 4, 32, 1, '1;1;1', F32",
    "8, 2, 32, 2, '70;1;1;3;130', F32",
    "8, 2, 32, 3, '200', F16",
    "6, 2, 20, 2, '63;1;1', F16",
    "8, 1, 64, 4, '65;1;64', F32",
    "2, 1, 80, 2, '300;1', F32"
  })
  void equalsTheFormula(
      int heads, int kvHeads, int headSize, int threads, String batches, KvType type) {
    ModelConfig config = TestModels.attention(heads, kvHeads, headSize);
    var kernels = VectorProvider.get().kernels();
    Random random = new Random(heads * 100L + headSize);
    List<float[]> keys = new ArrayList<>();
    List<float[]> values = new ArrayList<>();
    try (var pool = new WorkerPool(threads);
        var cache = new KvCache(config, 400, type)) {
      var work = new Workspace(config, kernels, threads);
      var attention = new Attention(config, kernels, pool, work, cache);
      int position = 0;
      for (String batch : batches.split(";", -1)) {
        int tokens = Integer.parseInt(batch);
        work.ensure(tokens);
        for (int t = 0; t < tokens; t++) {
          keys.add(store(type, random, config.kvSize()));
          values.add(store(type, random, config.kvSize()));
          cache.put(LAYER, position + t, keys.getLast(), 0, values.getLast(), 0);
        }
        fill(random, work.query, tokens * config.querySize());
        float[] queries = work.query.clone();
        attention.run(LAYER, position, tokens, new float[0]);
        for (int t = 0; t < tokens; t++) {
          for (int head = 0; head < heads; head++) {
            int at = t * config.querySize() + head * headSize;
            double[] expected = formula(config, queries, at, head, keys, values, position + t + 1);
            for (int i = 0; i < headSize; i++) {
              assertThat((double) work.attended[at + i])
                  .as("position %d, head %d, element %d", position + t, head, i)
                  .isBetween(expected[i] - 2e-5, expected[i] + 2e-5);
            }
          }
        }
        position += tokens;
      }
    }
  }

  private static double[] formula(
      ModelConfig config,
      float[] queries,
      int at,
      int head,
      List<float[]> keys,
      List<float[]> values,
      int seen) {
    int size = config.headSize();
    int kv = head / (config.heads() / config.kvHeads()) * size;
    double[] weights = new double[seen];
    double sum = 0;
    for (int p = 0; p < seen; p++) {
      double score = 0;
      for (int i = 0; i < size; i++) {
        score += (double) queries[at + i] * keys.get(p)[kv + i];
      }
      weights[p] = Math.exp(score / Math.sqrt(size));
      sum += weights[p];
    }
    double[] result = new double[size];
    for (int p = 0; p < seen; p++) {
      for (int i = 0; i < size; i++) {
        result[i] += weights[p] / sum * values.get(p)[kv + i];
      }
    }
    return result;
  }

  /** Random numbers as the cache will hold them. */
  private static float[] store(KvType type, Random random, int n) {
    float[] x = new float[n];
    fill(random, x, n);
    if (type == KvType.F16) {
      for (int i = 0; i < n; i++) {
        x[i] = Float.float16ToFloat(Float.floatToFloat16(x[i]));
      }
    }
    return x;
  }

  private static void fill(Random random, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
  }
}
