package io.foregate.tornado.kernels;

import io.foregate.kernels.AttentionKernels;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Latent;
import io.foregate.model.RopeConfig;
import io.foregate.model.RopeStyle;
import io.foregate.options.KvType;
import io.foregate.tornado.weights.RopeAngles;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Random queries and latents of some positions in layer 1 of 2, and attention over them. The parts
 * of queries that a product maps to the latent's space are random, too.
 */
final class LatentCase {
  private static final int LAYER = 1;
  private static final int NORM = 5;
  private static final float EPSILON = 1e-3f;

  private final KvType type;
  private final RopeStyle style;
  private final int heads;
  private final int keySize;
  private final int rotated;
  private final int rank;
  private final int length;
  private final int capacity;
  private final float[][] in;
  private final float[][] mapped;
  private final float[] norm;
  private final FloatArray angles;

  LatentCase(
      KvType type, RopeStyle style, int heads, int keySize, int rotated, int rank, int length) {
    this.type = type;
    this.style = style;
    this.heads = heads;
    this.keySize = keySize;
    this.rotated = rotated;
    this.rank = rank;
    this.length = length;
    this.capacity = length + 2;
    var random = new Random(length);
    this.in = new float[length][];
    this.mapped = new float[length][];
    for (int t = 0; t < length; t++) {
      in[t] = TestMatrix.floats(width(), random);
      mapped[t] = TestMatrix.floats(heads * rank, random);
    }
    this.norm = TestMatrix.floats(rank, random);
    this.angles =
        RopeAngles.of(new RopeConfig(style, rotated, 10_000f, 1f, new float[0]), capacity);
  }

  /** Elements of a token before RoPE. */
  private int width() {
    return heads * (keySize + rotated) + rank + rotated;
  }

  /** Elements of a query or key in the latent's space. */
  private int headSize() {
    return rank + rotated;
  }

  private float scale() {
    return (float) (1 / Math.sqrt(keySize + rotated));
  }

  private int neox() {
    return style == RopeStyle.NEOX ? 1 : 0;
  }

  /** What positions from {@code from} on see, in double precision but for the cache. */
  double[] expected(int from) {
    double[] result = new double[(length - from) * heads * rank];
    double[][] keys = new double[length][];
    for (int t = 0; t < length; t++) {
      keys[t] = key(t);
    }
    for (int t = from; t < length; t++) {
      for (int head = 0; head < heads; head++) {
        attend(query(t, head), keys, t, result, ((t - from) * heads + head) * rank);
      }
    }
    return result;
  }

  private void attend(double[] query, double[][] keys, int position, double[] result, int at) {
    double[] weights = new double[position + 1];
    double sum = 0;
    for (int t = 0; t <= position; t++) {
      for (int d = 0; d < headSize(); d++) {
        weights[t] += query[d] * keys[t][d];
      }
      weights[t] = Math.exp(weights[t] * scale());
      sum += weights[t];
    }
    for (int t = 0; t <= position; t++) {
      for (int d = 0; d < rank; d++) {
        result[at + d] += weights[t] / sum * keys[t][d];
      }
    }
  }

  private double[] key(int position) {
    int at = heads * (keySize + rotated);
    double square = 0;
    for (int d = 0; d < rank; d++) {
      square += in[position][at + d] * in[position][at + d];
    }
    double factor = 1 / Math.sqrt(square / rank + EPSILON);
    double[] key = new double[headSize()];
    for (int d = 0; d < rank; d++) {
      key[d] = in[position][at + d] * factor * norm[d];
    }
    rotate(in[position], at + rank, position, key);
    for (int d = 0; d < key.length; d++) {
      key[d] = TestCache.cached(type, key[d]);
    }
    return key;
  }

  private double[] query(int position, int head) {
    double[] query = new double[headSize()];
    for (int d = 0; d < rank; d++) {
      query[d] = mapped[position][head * rank + d];
    }
    rotate(in[position], head * (keySize + rotated) + keySize, position, query);
    return query;
  }

  /** The last elements of {@code to} become those of {@code x} from {@code at} on, rotated. */
  private void rotate(float[] x, int at, int position, double[] to) {
    int pairs = rotated / 2;
    for (int i = 0; i < pairs; i++) {
      int first = style == RopeStyle.NORM ? 2 * i : i;
      int second = style == RopeStyle.NORM ? 2 * i + 1 : i + pairs;
      double angle = position * Math.pow(10_000, -2.0 * i / rotated);
      to[rank + first] = x[at + first] * Math.cos(angle) - x[at + second] * Math.sin(angle);
      to[rank + second] = x[at + first] * Math.sin(angle) + x[at + second] * Math.cos(angle);
    }
  }

  private TestCache cache() {
    return new TestCache(2 * capacity * headSize() / 2);
  }

  private int useF32() {
    return type == KvType.F32 ? 1 : 0;
  }

  private IntArray directory() {
    var directory = new IntArray(2 * Directory.PARTS);
    directory.init(0);
    directory.set(LAYER * Directory.PARTS + Directory.KEY_NORM, NORM);
    return directory;
  }

  private FloatArray floats() {
    var floats = new FloatArray(NORM + rank);
    floats.init(Float.NaN);
    for (int d = 0; d < rank; d++) {
      floats.set(NORM + d, norm[d]);
    }
    return floats;
  }

  /** Rows of tokens {@code from ..}, as many as there could be. */
  private FloatArray rows(int from, int most) {
    var rows = new FloatArray(most * width());
    rows.init(Float.NaN);
    for (int t = from; t < length; t++) {
      for (int i = 0; i < width(); i++) {
        rows.set((t - from) * width() + i, in[t][i]);
      }
    }
    return rows;
  }

  /** Poisoned, but for what a product has mapped. */
  private FloatArray queries(int from, int most) {
    FloatArray queries = Poisoned.array(most * heads * headSize());
    for (int t = from; t < length; t++) {
      for (int i = 0; i < heads * rank; i++) {
        int place = (t - from) * heads + i / rank;
        queries.set(place * headSize() + i % rank, mapped[t][i]);
      }
    }
    return queries;
  }

  private void appendAsPlainJava(TestCache cache, FloatArray queries, int from, int to) {
    IntArray args = IntArray.fromElements(LAYER, from, to - from);
    IntArray directory = directory();
    FloatArray floats = floats();
    FloatArray rows = rows(from, length - from);
    PlainJava.run(
        to - from,
        c ->
            Latent.append(
                c,
                args,
                directory,
                floats,
                rows,
                angles,
                queries,
                cache.f16(),
                cache.f32(),
                heads,
                keySize,
                rotated,
                rank,
                neox(),
                capacity,
                useF32(),
                EPSILON));
  }

  /** What the last position sees. */
  FloatArray asPlainJava() {
    TestCache cache = cache();
    appendAsPlainJava(cache, queries(0, length), 0, length - 1);
    FloatArray queries = queries(length - 1, 1);
    appendAsPlainJava(cache, queries, length - 1, length);
    FloatArray attended = Poisoned.array(heads * rank);
    IntArray args = IntArray.fromElements(LAYER, length - 1, 1);
    IntArray directory = directory();
    FloatArray floats = floats();
    PlainJava.run(
        heads,
        c ->
            AttentionKernels.attend(
                c,
                args,
                directory,
                floats,
                queries,
                cache.f16(),
                cache.f32(),
                attended,
                heads,
                1,
                headSize(),
                rank,
                headSize(),
                capacity,
                scale(),
                Integer.MAX_VALUE,
                0,
                useF32(),
                0));
    Poisoned.assertWritten(attended);
    return attended;
  }

  /**
   * Appends and attends positions {@code from ..} in one batch, those before them by plain Java.
   *
   * @param most the largest batch that there could be
   * @return poisoned behind the tokens that there are
   */
  FloatArray onDevice(int from, int most) {
    TestCache cache = cache();
    appendAsPlainJava(cache, queries(0, length), 0, from);
    IntArray args = IntArray.fromElements(LAYER, from, length - from);
    IntArray directory = directory();
    FloatArray floats = floats();
    FloatArray rows = rows(from, most);
    FloatArray queries = queries(from, most);
    DeviceRun.run(
        most,
        32,
        g ->
            g.task(
                "kernel",
                Latent::append,
                DeviceRun.context(),
                args,
                directory,
                floats,
                rows,
                angles,
                queries,
                cache.f16(),
                cache.f32(),
                heads,
                keySize,
                rotated,
                rank,
                neox(),
                capacity,
                useF32(),
                EPSILON),
        new Object[] {args, directory, floats, rows, angles},
        new Object[] {queries, cache.f16(), cache.f32()});
    FloatArray attended = Poisoned.array(most * heads * rank);
    DeviceRun.run(
        most * heads,
        64,
        g ->
            g.task(
                "kernel",
                AttentionKernels::attend,
                DeviceRun.context(),
                args,
                directory,
                floats,
                queries,
                cache.f16(),
                cache.f32(),
                attended,
                heads,
                1,
                headSize(),
                rank,
                headSize(),
                capacity,
                scale(),
                Integer.MAX_VALUE,
                0,
                useF32(),
                0),
        new Object[] {args, directory, floats, queries, cache.f16(), cache.f32()},
        new Object[] {attended});
    return attended;
  }
}
