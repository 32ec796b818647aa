package io.foregate.schedule;

import io.foregate.backend.ExpertSlots;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.store.layout.ExpertRecords;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Slots that hold experts' numbers, and records that are these numbers, so that a wrong expert in a
 * slot is seen; and that notice a slot that is written while it is written or read.
 */
final class FakeDevice implements ExpertSlots, ExpertRecords, AutoCloseable {
  /** Bytes that a record really has: the scheduler is told of larger ones. */
  private static final long RECORD = 64;

  private final Arena arena = Arena.ofShared();
  private final ExpertGrid grid;
  private final MemorySegment[] records;
  private final int[] slots;
  private final long[] arrived;
  private final AtomicIntegerArray busy;
  final AtomicInteger copies = new AtomicInteger();
  final AtomicInteger clashes = new AtomicInteger();
  final AtomicInteger flying = new AtomicInteger();

  /** The thread that made the last copy. */
  volatile Thread copier;

  /** The thread that is to make all of them; {@code null} for one of the plan's own. */
  ExecutorService own;

  volatile int failOneIn;
  volatile int failExpert = -1;
  volatile int copyMicros;

  FakeDevice(ExpertGrid grid, int count) {
    this.grid = grid;
    records = new MemorySegment[grid.total()];
    for (int id = 0; id < records.length; id++) {
      records[id] = arena.allocate(RECORD, 4);
      records[id].set(ValueLayout.JAVA_INT, 0, id);
    }
    slots = new int[count];
    arrived = new long[count];
    busy = new AtomicIntegerArray(count);
  }

  @Override
  public MemorySegment record(int layer, int expert) {
    return records[grid.id(layer, expert)];
  }

  @Override
  public int count() {
    return slots.length;
  }

  @Override
  public long slotBytes() {
    return RECORD;
  }

  @Override
  public Future<?> copying(String name, Runnable work) {
    return own == null ? ExpertSlots.super.copying(name, work) : own.submit(work);
  }

  @Override
  public void copy(MemorySegment record, long from, long bytes, int slot) {
    copier = Thread.currentThread();
    flying.incrementAndGet();
    occupy(slot);
    try {
      slots[slot] = -1;
      if (from != 0 && from != arrived[slot]) {
        clashes.incrementAndGet();
      }
      arrived[slot] = from + bytes;
      int number = copies.incrementAndGet();
      dawdle();
      int id = record.get(ValueLayout.JAVA_INT, 0);
      if (id == failExpert || (failOneIn > 0 && number % failOneIn == 0)) {
        throw new IllegalStateException("planted");
      }
      slots[slot] = arrived[slot] == VirtualRun.BYTES ? id : -1;
    } finally {
      vacate(slot);
      flying.decrementAndGet();
    }
  }

  private void dawdle() {
    long end = System.nanoTime() + copyMicros * 1_000L;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Override
  public void copyBack(int slot, MemorySegment record) {
    occupy(slot);
    record.set(ValueLayout.JAVA_INT, 0, slots[slot]);
    vacate(slot);
  }

  /** What a kernel does: reads the slots of a wave for a while. Returns whether all were right. */
  boolean run(Wave wave) {
    boolean right = true;
    for (int i = 0; i < wave.count(); i++) {
      occupy(wave.slots()[i]);
    }
    for (int i = 0; i < wave.count(); i++) {
      right &= slots[wave.slots()[i]] == grid.id(wave.layer(), wave.experts()[i]);
      vacate(wave.slots()[i]);
    }
    return right;
  }

  private void occupy(int slot) {
    if (!busy.compareAndSet(slot, 0, 1)) {
      clashes.incrementAndGet();
    }
  }

  private void vacate(int slot) {
    busy.set(slot, 0);
  }

  @Override
  public void close() {
    arena.close();
  }
}
