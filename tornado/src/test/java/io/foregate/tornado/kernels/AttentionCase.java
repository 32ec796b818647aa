package io.foregate.tornado.kernels;

import io.foregate.kernels.AttentionKernels;
import io.foregate.kernels.Directory;
import io.foregate.model.RopeConfig;
import io.foregate.model.RopeStyle;
import io.foregate.options.KvType;
import io.foregate.tornado.weights.RopeAngles;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Random queries, keys and values of some positions in layer 1 of 2, and attention over them. */
final class AttentionCase {
  private static final int LAYER = 1;

  private final KvType type;
  private final RopeStyle style;
  private final int heads;
  private final int kvHeads;
  private final int headSize;
  private final int valueSize;
  private final int window;
  private final float[] sinks;
  private final int dimensions;
  private final int length;
  private final int capacity;
  private final float[][] qkv;
  private final FloatArray angles;

  /** Values as long as keys, every position, no sinks. */
  AttentionCase(
      KvType type,
      RopeStyle style,
      int heads,
      int kvHeads,
      int headSize,
      int dimensions,
      int length) {
    this(
        type,
        style,
        heads,
        kvHeads,
        headSize,
        headSize,
        dimensions,
        length,
        Integer.MAX_VALUE,
        false);
  }

  AttentionCase(
      KvType type,
      RopeStyle style,
      int heads,
      int kvHeads,
      int headSize,
      int valueSize,
      int dimensions,
      int length,
      int window,
      boolean sunk) {
    this.type = type;
    this.style = style;
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.headSize = headSize;
    this.valueSize = valueSize;
    this.window = window;
    this.dimensions = dimensions;
    this.length = length;
    this.capacity = length + 2;
    var random = new Random(length);
    this.qkv = new float[length][];
    for (int t = 0; t < length; t++) {
      qkv[t] = TestMatrix.floats(width(), random);
    }
    this.sinks = sunk ? TestMatrix.floats(heads, random) : new float[0];
    this.angles =
        RopeAngles.of(new RopeConfig(style, dimensions, 10_000f, 1f, new float[0]), capacity);
  }

  /** In double precision, but for the cache. */
  double[] expected() {
    return expected(length);
  }

  /** What the last of {@code length} positions sees. */
  private double[] expected(int length) {
    int first = Math.max(0, length - window);
    double[] result = new double[heads * valueSize];
    for (int head = 0; head < heads; head++) {
      int kvHead = head / (heads / kvHeads);
      double[] query = rotated(length - 1, head);
      double[] scores = new double[length];
      double sum = sinks.length > 0 ? Math.exp(sinks[head]) : 0;
      for (int t = first; t < length; t++) {
        double[] key = rotated(t, heads + kvHead);
        for (int d = 0; d < headSize; d++) {
          scores[t] += query[d] * TestCache.cached(type, key[d]);
        }
        scores[t] = Math.exp(scores[t] * scale());
        sum += scores[t];
      }
      for (int t = first; t < length; t++) {
        for (int d = 0; d < valueSize; d++) {
          int at = (heads + kvHeads) * headSize + kvHead * valueSize + d;
          double value = TestCache.cached(type, qkv[t][at]);
          result[head * valueSize + d] += scores[t] / sum * value;
        }
      }
    }
    return result;
  }

  private double[] rotated(int position, int head) {
    double[] x = new double[headSize];
    for (int d = 0; d < headSize; d++) {
      x[d] = qkv[position][head * headSize + d];
    }
    int pairs = dimensions / 2;
    for (int i = 0; i < pairs; i++) {
      int first = style == RopeStyle.NORM ? 2 * i : i;
      int second = style == RopeStyle.NORM ? 2 * i + 1 : i + pairs;
      double angle = position * Math.pow(10_000, -2.0 * i / dimensions);
      double a = x[first];
      double b = x[second];
      x[first] = a * Math.cos(angle) - b * Math.sin(angle);
      x[second] = a * Math.sin(angle) + b * Math.cos(angle);
    }
    return x;
  }

  private TestCache cache() {
    return new TestCache(valuesAt() + 2 * kvHeads * capacity * valueSize / 2);
  }

  private int valuesAt() {
    return 2 * kvHeads * capacity * headSize / 2;
  }

  private int useF32() {
    return type == KvType.F32 ? 1 : 0;
  }

  /** Elements of a token's queries, keys and values. */
  private int width() {
    return (heads + kvHeads) * headSize + kvHeads * valueSize;
  }

  private int words() {
    return width() / 2;
  }

  private IntArray directory() {
    var directory = new IntArray(2 * Directory.PARTS);
    directory.init(0);
    directory.set(LAYER * Directory.PARTS + Directory.SINKS, 1);
    return directory;
  }

  private FloatArray floats() {
    var floats = new FloatArray(1 + heads);
    floats.init(Float.NaN);
    for (int head = 0; head < sinks.length; head++) {
      floats.set(1 + head, sinks[head]);
    }
    return floats;
  }

  private int sunk() {
    return sinks.length > 0 ? 1 : 0;
  }

  private int neox() {
    return style == RopeStyle.NEOX ? 1 : 0;
  }

  private float scale() {
    return (float) (1 / Math.sqrt(headSize));
  }

  FloatArray asPlainJava() {
    TestCache cache = cache();
    var rotated = new FloatArray(heads * headSize);
    appendAsPlainJava(cache, rotated, length);
    var attended = new FloatArray(heads * valueSize);
    IntArray directory = directory();
    FloatArray floats = floats();
    IntArray args = IntArray.fromElements(LAYER, length - 1, 1);
    PlainJava.run(
        heads,
        c ->
            AttentionKernels.attend(
                c,
                args,
                directory,
                floats,
                rotated,
                cache.f16(),
                cache.f32(),
                attended,
                heads,
                kvHeads,
                headSize,
                valueSize,
                valueSize,
                capacity,
                scale(),
                window,
                sunk(),
                useF32(),
                valuesAt()));
    return attended;
  }

  private void appendAsPlainJava(TestCache cache, FloatArray rotated, int count) {
    for (int t = 0; t < count; t++) {
      IntArray args = IntArray.fromElements(LAYER, t, 1);
      FloatArray in = FloatArray.fromArray(qkv[t]);
      PlainJava.run(
          words(),
          c ->
              AttentionKernels.append(
                  c,
                  args,
                  in,
                  angles,
                  rotated,
                  cache.f16(),
                  cache.f32(),
                  heads,
                  kvHeads,
                  headSize,
                  valueSize,
                  dimensions,
                  neox(),
                  capacity,
                  useF32(),
                  valuesAt()));
    }
  }

  /** The last position is appended by the device, those before it by plain Java. */
  FloatArray onDevice() {
    TestCache cache = cache();
    appendAsPlainJava(cache, new FloatArray(heads * headSize), length - 1);
    FloatArray rotated = Poisoned.array(heads * headSize);
    FloatArray attended = Poisoned.array(heads * valueSize);
    IntArray args = IntArray.fromElements(LAYER, length - 1, 1);
    FloatArray in = FloatArray.fromArray(qkv[length - 1]);
    append(args, in, rotated, cache, 1);
    Poisoned.assertWritten(rotated);
    attend(args, rotated, cache, attended, 1);
    return attended;
  }

  /** What each position from {@code from} on sees of those up to itself. */
  double[] expectedFrom(int from) {
    int size = heads * valueSize;
    double[] result = new double[(length - from) * size];
    for (int t = from; t < length; t++) {
      System.arraycopy(expected(t + 1), 0, result, (t - from) * size, size);
    }
    return result;
  }

  /**
   * Appends and attends positions {@code from ..} in one batch.
   *
   * @param most the largest batch that there could be
   * @return poisoned behind the tokens that there are
   */
  FloatArray batchOnDevice(int from, int most) {
    TestCache cache = cache();
    appendAsPlainJava(cache, new FloatArray(heads * headSize), from);
    int width = width();
    var in = new FloatArray(most * width);
    in.init(Float.NaN);
    for (int t = from; t < length; t++) {
      for (int i = 0; i < width; i++) {
        in.set((t - from) * width + i, qkv[t][i]);
      }
    }
    IntArray args = IntArray.fromElements(LAYER, from, length - from);
    FloatArray rotated = Poisoned.array(most * heads * headSize);
    FloatArray attended = Poisoned.array(most * heads * valueSize);
    append(args, in, rotated, cache, most);
    attend(args, rotated, cache, attended, most);
    return attended;
  }

  private void append(IntArray args, FloatArray in, FloatArray rotated, TestCache cache, int most) {
    DeviceRun.run(
        Math.ceilDiv(most * words(), 64),
        64,
        g ->
            g.task(
                "kernel",
                AttentionKernels::append,
                DeviceRun.context(),
                args,
                in,
                angles,
                rotated,
                cache.f16(),
                cache.f32(),
                heads,
                kvHeads,
                headSize,
                valueSize,
                dimensions,
                neox(),
                capacity,
                useF32(),
                valuesAt()),
        new Object[] {args, in, angles},
        new Object[] {rotated, cache.f16(), cache.f32()});
  }

  private void attend(
      IntArray args, FloatArray rotated, TestCache cache, FloatArray attended, int most) {
    IntArray directory = directory();
    FloatArray floats = floats();
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
                rotated,
                cache.f16(),
                cache.f32(),
                attended,
                heads,
                kvHeads,
                headSize,
                valueSize,
                valueSize,
                capacity,
                scale(),
                window,
                sunk(),
                useF32(),
                valuesAt()),
        new Object[] {args, directory, floats, rotated, cache.f16(), cache.f32()},
        new Object[] {attended});
  }
}
