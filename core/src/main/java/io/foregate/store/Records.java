package io.foregate.store;

import java.lang.foreign.MemorySegment;

/** A store's records, where they are. Safe for use by many threads. */
sealed interface Records extends AutoCloseable permits RamRecords, FileRecords {

  Tier tier();

  /**
   * The record in memory, read-only; always the same object.
   *
   * @throws IllegalStateException if it is in a file, or the store is closed
   */
  MemorySegment record(int record);

  /**
   * Copies a record into memory that is at least as long.
   *
   * @throws IllegalStateException if the store is closed, also if that happens meanwhile
   */
  void read(int record, MemorySegment target);

  /** Closing twice does nothing. */
  @Override
  void close();
}
