package io.foregate.backend;

/** A model whose dense weights are on a device. Owns the device's threads and memory. */
public interface BackendModel extends AutoCloseable {

  /** Where the experts are. All of them, under policy {@code resident}. */
  ExpertSlots residentExperts();

  /**
   * A new, empty sequence.
   *
   * @param capacity positions that its KV cache holds
   */
  Sequence newSequence(int capacity, KvType kvType);

  /** Compute threads in use. */
  int threads();

  @Override
  void close();
}
