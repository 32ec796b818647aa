package io.foregate.backend.cpu;

import io.foregate.error.ForegateException;
import io.foregate.model.Mixer;
import io.foregate.model.ModelConfig;
import io.foregate.quant.vector.HeapFloats;
import java.lang.foreign.MemorySegment;

/**
 * What the delta nets of a sequence remember of its tokens, whatever their number: a matrix per
 * value head, and the last inputs of the convolution. It belongs to one position: what a token
 * changed cannot be taken back.
 *
 * <p>Layout: matrices {@code [valueHead][key][value]}, inputs {@code [kernel - 1][channel]}, oldest
 * first.
 */
final class RecurrentState {
  private static final int UNKNOWN = -1;

  private final HeapFloats[] matrices;
  private final HeapFloats[] tails;

  /** Tokens that it has seen; {@link #UNKNOWN} where only some layers have. */
  private int position;

  RecurrentState(ModelConfig config) {
    matrices = new HeapFloats[config.layers()];
    tails = new HeapFloats[config.layers()];
    HeapFloats none = HeapFloats.of(0);
    try {
      for (int layer = 0; layer < config.layers(); layer++) {
        boolean isNet = config.mixers().get(layer) instanceof Mixer.DeltaNet;
        matrices[layer] = isNet ? HeapFloats.of(net(config).matrixElements()) : none;
        tails[layer] = isNet ? HeapFloats.of(net(config).tailElements()) : none;
      }
    } catch (OutOfMemoryError e) {
      throw new ForegateException(
          "The state of a sequence needs %d MiB, which the Java heap does not have free."
              .formatted(config.stateBytes() >> 20),
          "Give Java more memory (-Xmx), or close other sessions.",
          e);
    }
  }

  private static Mixer.DeltaNet net(ModelConfig config) {
    return config.deltaNet().orElseThrow();
  }

  HeapFloats matrices(int layer) {
    return matrices[layer];
  }

  float[] tail(int layer) {
    return tails[layer].array();
  }

  /** Bytes of all layers. */
  long bytes() {
    long bytes = 0;
    for (int layer = 0; layer < matrices.length; layer++) {
      bytes += bytes(layer);
    }
    return bytes;
  }

  /** Bytes of a layer; 0 where it has attention. */
  long bytes(int layer) {
    return (long) Float.BYTES * (matrices[layer].length() + tails[layer].length());
  }

  /**
   * Goes on with some tokens. Until all layers have seen them the state is of no position, and who
   * fails in between has to {@link #rewind}.
   */
  void advance(int from, int tokens) {
    if (from != position) {
      throw new IllegalStateException(
          "tokens at %d cannot follow a state of %d tokens".formatted(from, position));
    }
    position = from + tokens;
  }

  /** How many of the first {@code kept} tokens it still knows alone: all or none. */
  int rewind(int kept) {
    if (kept != position) {
      for (int layer = 0; layer < matrices.length; layer++) {
        matrices[layer].segment().fill((byte) 0);
        tails[layer].segment().fill((byte) 0);
      }
      position = 0;
    }
    return position;
  }

  /**
   * Copies what a layer remembers.
   *
   * @param positions the tokens that it has seen
   */
  void save(int layer, int positions, MemorySegment target) {
    if (positions != position) {
      throw new IllegalStateException(
          "a state of %d tokens is not one of %d".formatted(position, positions));
    }
    long bytes = matrices[layer].segment().byteSize();
    MemorySegment.copy(matrices[layer].segment(), 0, target, 0, bytes);
    MemorySegment.copy(tails[layer].segment(), 0, target, bytes, tails[layer].segment().byteSize());
  }

  /** Makes a layer remember what {@link #save} wrote: no state of a position until all have. */
  void load(int layer, MemorySegment source) {
    long bytes = matrices[layer].segment().byteSize();
    MemorySegment.copy(source, 0, matrices[layer].segment(), 0, bytes);
    MemorySegment.copy(source, bytes, tails[layer].segment(), 0, tails[layer].segment().byteSize());
    position = UNKNOWN;
  }

  /** All layers have been loaded. */
  void loaded(int positions) {
    position = positions;
  }
}
