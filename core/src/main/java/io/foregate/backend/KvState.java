package io.foregate.backend;

import io.foregate.options.KvType;
import java.lang.foreign.MemorySegment;

/**
 * What a sequence remembers of the tokens that it was fed, as bytes that a sequence of the same
 * model, opened the same way, can take over. Layers may differ in what they keep (keys and values,
 * MLA's compressed vectors, a window of the last positions, a state of constant size): only the
 * backend knows their bytes. Used by the sequence's thread, between batches; segments must be
 * accessible to other threads, as a device may have one of its own.
 */
public interface KvState {

  /**
   * Names the bytes' meaning: whatever they depend on beside the model, the element type and the
   * number of positions. Bytes of another name mean something else.
   */
  String layout();

  /** Type of the elements. */
  KvType type();

  /** Bytes that a layer needs to remember positions {@code [0, positions)}. */
  long bytes(int layer, int positions);

  /** Copies what a layer remembers of positions {@code [0, positions)}, all bytes of the target. */
  void save(int layer, int positions, MemorySegment target);

  /** Makes a layer remember what {@link #save} wrote for as many positions. */
  void load(int layer, int positions, MemorySegment source);
}
