package io.foregate.backend;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * Device memory for a number of experts, and the link over which they come. Which expert is in
 * which slot, and which slot may be overwritten, is for others to know: the slots know bytes only.
 *
 * <p>Copies run while sequences compute from other slots, each on the thread that asks for it,
 * which {@link #copying} gives. Different threads may copy into different slots at a time.
 */
public interface ExpertSlots extends ExpertMemory, AutoCloseable {

  /**
   * Starts work that makes copies, on a platform thread that it keeps to its end: a new one, or the
   * one from which the device wants to be used, so that no copy waits for another thread.
   *
   * @param name of a new thread
   * @return done when the work has ended
   */
  default Future<?> copying(String name, Runnable work) {
    var task = new FutureTask<Void>(work, null);
    Thread.ofPlatform().daemon().name(name).start(task);
    return task;
  }

  /** Bytes of a slot: the longest record that fits. */
  long slotBytes();

  /**
   * Copies an expert's record into a slot; when it returns, kernels may read it. Allocates nothing.
   *
   * @param record in the model's {@link BackendModel#expertLayout}, at most {@link #slotBytes} long
   * @throws RuntimeException if the copy failed: what the slot then holds is undefined, and the
   *     copy may be tried again
   * @throws IllegalStateException if the slots are closed
   */
  default void copy(MemorySegment record, int slot) {
    copy(record, 0, record.byteSize(), slot);
  }

  /**
   * Copies a part of an expert's record to where it belongs in a slot; when all parts are there,
   * kernels may read it. Otherwise as {@link #copy(MemorySegment, int)}.
   *
   * @param from where in the record the part begins; a multiple of 256
   * @param bytes of the part
   */
  void copy(MemorySegment record, long from, long bytes, int slot);

  /**
   * Copies the beginning of a slot to host memory, over the same link.
   *
   * @param record where to, and how much
   */
  void copyBack(int slot, MemorySegment record);

  /** Gives the memory back; no copy and no sequence may be using it. */
  @Override
  void close();
}
