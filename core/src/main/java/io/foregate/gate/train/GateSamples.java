package io.foregate.gate.train;

import io.foregate.error.ForegateException;
import io.foregate.gate.GateShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * What a model did with one chunk of text, token after token: what its gates would have seen, and
 * how it routed. Inputs are kept outside the Java heap, as F16. Filled by one thread, then read by
 * many.
 */
public final class GateSamples implements AutoCloseable {
  private final GateShape shape;
  private final int tokens;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment inputs;
  private final float[] targets;
  private final float[] entropies;
  private final int[] ids;

  /**
   * @param tokens length of the chunk, one sequence from its beginning
   * @throws ForegateException if no array could hold what is noted of them
   */
  public GateSamples(GateShape shape, int tokens) {
    this.shape = shape;
    this.tokens = tokens;
    requireArrays(shape, tokens);
    this.inputs = arena.allocate(bytes(shape, tokens), Short.BYTES);
    this.targets = new float[tokens * shape.history()];
    this.entropies = new float[tokens * shape.layers()];
    this.ids = new int[tokens * shape.layers() * shape.used()];
  }

  private static void requireArrays(GateShape shape, int tokens) {
    long elements = (long) tokens * shape.history(); // no layer uses more experts than it has
    if (elements > Integer.MAX_VALUE - 8) {
      throw new ForegateException(
          "%d tokens with %d layers of %d experts ask for %,d numbers in an array, at most %,d can be."
              .formatted(tokens, shape.layers(), shape.experts(), elements, Integer.MAX_VALUE - 8),
          "Take a shorter [[context]].");
    }
  }

  /** Memory that so many tokens take outside the heap. */
  public static long bytes(GateShape shape, int tokens) {
    return (long) Short.BYTES * shape.points() * tokens * shape.embedding();
  }

  /** Sizes of the gates that this is for. */
  public GateShape shape() {
    return shape;
  }

  /** Tokens of the chunk. */
  public int tokens() {
    return tokens;
  }

  /** Sets what the gate of a prediction point sees of a token, {@code [embedding]}. */
  public void setInput(int point, int token, float[] input) {
    long at = row(point, token);
    for (int i = 0; i < shape.embedding(); i++) {
      inputs.setAtIndex(ValueLayout.JAVA_SHORT, at + i, Float.floatToFloat16(input[i]));
    }
  }

  /** Sets a token's routing at a layer from {@code logits[at ..]} and {@code ids[idsAt ..]}. */
  public void setRouting(int layer, int token, float[] from, int at, int[] chosen, int idsAt) {
    System.arraycopy(chosen, idsAt, ids, idsAt(token, layer), shape.used());
    float top = from[at];
    for (int e = 1; e < shape.experts(); e++) {
      top = Math.max(top, from[at + e]);
    }
    int to = targetsAt(token, layer);
    double sum = 0;
    for (int e = 0; e < shape.experts(); e++) {
      targets[to + e] = (float) Math.exp(from[at + e] - top);
      sum += targets[to + e];
    }
    double entropy = Math.log(sum);
    for (int e = 0; e < shape.experts(); e++) {
      targets[to + e] /= (float) sum;
      entropy -= targets[to + e] * (from[at + e] - top);
    }
    entropies[token * shape.layers() + layer] = (float) entropy;
  }

  /**
   * Reads what a point's gate sees of a token to {@code out[at ..]}, {@link GateShape#inputs}
   * elements: what {@link #setInput} set, as rounded; where more is seen, the last layer's of the
   * token before behind it, 0 at the beginning.
   */
  public void input(int point, int token, float[] out, int at) {
    residual(point, token, out, at);
    if (shape.inputs(point) > shape.embedding()) {
      int previous = at + shape.embedding();
      if (token == 0) {
        Arrays.fill(out, previous, previous + shape.embedding(), 0);
      } else {
        residual(shape.layers(), token - 1, out, previous);
      }
    }
  }

  /** Reads what {@link #setInput} set of a token, as rounded, to {@code out[at ..]}. */
  void residual(int point, int token, float[] out, int at) {
    long row = row(point, token);
    for (int i = 0; i < shape.embedding(); i++) {
      out[at + i] = Float.float16ToFloat(inputs.getAtIndex(ValueLayout.JAVA_SHORT, row + i));
    }
  }

  private long row(int point, int token) {
    return ((long) point * tokens + token) * shape.embedding();
  }

  /** The routers' distributions, {@code [tokens][layers][experts]}. */
  float[] targets() {
    return targets;
  }

  /** The entropy of the router's distribution, in nats. */
  float entropy(int token, int layer) {
    return entropies[token * shape.layers() + layer];
  }

  /** Where a token's distribution of a layer begins. */
  int targetsAt(int token, int layer) {
    return (token * shape.layers() + layer) * shape.experts();
  }

  /** Chosen experts, {@code [tokens][layers][used]}, best first. */
  int[] ids() {
    return ids;
  }

  /** Where a token's experts of a layer begin. */
  int idsAt(int token, int layer) {
    return (token * shape.layers() + layer) * shape.used();
  }

  @Override
  public void close() {
    arena.close();
  }
}
