package io.foregate.quant.vector;

import io.foregate.assembly.emulated.Emulator;
import io.foregate.quant.assembled.function.FunctionRunner;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Runs functions in the emulator, which lets each touch the memories of its call only. */
final class EmulatedFunctions implements FunctionRunner {
  private final Map<Long, Emulator> loaded = new ConcurrentHashMap<>();
  private final AtomicLong count = new AtomicLong();

  @Override
  public MemorySegment load(byte[] code) {
    long number = count.incrementAndGet();
    loaded.put(number, new Emulator(code));
    return MemorySegment.ofAddress(number);
  }

  @Override
  public float call(MemorySegment function, MemorySegment written, Object... arguments) {
    Object[] given = arguments.clone();
    for (int i = 0; i < given.length; i++) {
      if (given[i] instanceof MemorySegment segment && !segment.equals(written)) {
        given[i] = segment.asReadOnly();
      }
    }
    return loaded.get(function.address()).call(given);
  }
}
