package io.foregate.gate;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a model did with one stretch of text, token after token: what its gates would have seen, and
 * how it routed. Inputs are kept outside the Java heap, as F16. Filled by one thread, then read by
 * many.
 */
public final class GateSamples implements AutoCloseable {
  private final GateShape shape;
  private final int tokens;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment inputs;
  private final float[] logits;
  private final int[] ids;

  /**
   * @param tokens length of the stretch, one sequence from its beginning
   */
  public GateSamples(GateShape shape, int tokens) {
    this.shape = shape;
    this.tokens = tokens;
    this.inputs = arena.allocate(bytes(shape, tokens), Short.BYTES);
    this.logits = new float[tokens * shape.history()];
    this.ids = new int[tokens * shape.layers() * shape.used()];
  }

  /** Memory that so many tokens take outside the heap. */
  public static long bytes(GateShape shape, int tokens) {
    return (long) Short.BYTES * shape.points() * tokens * shape.embedding();
  }

  /** Sizes of the gates that this is for. */
  public GateShape shape() {
    return shape;
  }

  /** Tokens of the stretch. */
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
    System.arraycopy(from, at, logits, logitsAt(token, layer), shape.experts());
    System.arraycopy(chosen, idsAt, ids, idsAt(token, layer), shape.used());
  }

  /** Reads what {@link #setInput} set, as rounded, to {@code out[at ..]}. */
  public void input(int point, int token, float[] out, int at) {
    long row = row(point, token);
    for (int i = 0; i < shape.embedding(); i++) {
      out[at + i] = Float.float16ToFloat(inputs.getAtIndex(ValueLayout.JAVA_SHORT, row + i));
    }
  }

  private long row(int point, int token) {
    return ((long) point * tokens + token) * shape.embedding();
  }

  /** Router logits, {@code [tokens][layers][experts]}. */
  float[] logits() {
    return logits;
  }

  /** Where a token's logits of a layer begin. */
  int logitsAt(int token, int layer) {
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
