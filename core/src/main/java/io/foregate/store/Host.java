package io.foregate.store;

import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What a store takes from the machine; tests give others.
 *
 * @param freeMemory bytes that can be taken without swapping
 * @param lock locks memory
 * @param sinks begins to write a file
 * @param threads threads that build a store, 1 or more
 */
record Host(
    LongSupplier freeMemory, MemoryLock lock, Function<Path, SidecarSink> sinks, int threads) {

  /** The machine that this runs on. */
  static Host system() {
    return new Host(
        FreeMemory::bytes,
        MemoryLock.system(),
        SidecarSink::to,
        Runtime.getRuntime().availableProcessors());
  }
}
