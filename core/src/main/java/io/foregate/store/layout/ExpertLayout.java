package io.foregate.store.layout;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;

/**
 * How an expert's record must look for a backend's kernels to read it best. A store keeps its
 * records in one layout; the CPU backend can compute from every layout, by way of {@link #view},
 * without a second copy.
 *
 * <p>Implementations have no state and may be used by any thread.
 */
public interface ExpertLayout {

  /** Where parts of records begin and what records' lengths are multiples of, in bytes. */
  int ALIGNMENT = 256;

  /** Names the layout in files that hold records. */
  String id();

  /** Grows with every change of the layout: a record of another version is never read. */
  int version();

  /**
   * Whether records can have rows of so many weights of a type: the device's kernels read them.
   * Experts with others stay in the model's file, and the CPU computes them.
   */
  default boolean holds(GgmlType type, int columns) {
    return true;
  }

  /** Whether there are records of such experts. */
  default boolean holds(ExpertShape shape) {
    return holds(shape.gate(), shape.embedding())
        && holds(shape.up(), shape.embedding())
        && holds(shape.down(), shape.feedForward());
  }

  /** Bytes of a record, a multiple of {@value #ALIGNMENT}. */
  long recordBytes(ExpertShape shape);

  /**
   * Writes an expert's record. The same weights give the same bytes, in gaps too.
   *
   * @param expert its matrices as they lie in the model's file
   * @param record at least {@link #recordBytes} long
   */
  void pack(ExpertShape shape, ExpertWeights expert, MemorySegment record);

  /**
   * The matrices in a record: views of it, whose {@link io.foregate.model.weights.Matrix#order}
   * says how the layout has their bits.
   *
   * @param record at least {@link #recordBytes} long
   */
  ExpertWeights view(ExpertShape shape, MemorySegment record);
}
