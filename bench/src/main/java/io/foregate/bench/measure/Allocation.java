package io.foregate.bench.measure;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;

/** What this process's Java threads allocate, and what its heap has held. */
public final class Allocation {
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Bytes that all threads, compute threads included, have allocated on the heap so far. */
  public long bytes() {
    return threads.getTotalThreadAllocatedBytes();
  }

  /** The most heap in use at any time, garbage included, in bytes: the sum of its pools' peaks. */
  public static long peakHeapBytes() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .map(MemoryPoolMXBean::getPeakUsage)
        .mapToLong(usage -> usage.getUsed())
        .sum();
  }
}
