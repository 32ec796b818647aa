package io.foregate.quant.assembled.function;

import java.lang.foreign.MemorySegment;

/** Runs written functions in place of this CPU: tests emulate the CPUs that are not there. */
public interface FunctionRunner {
  /** Takes a function's code. What it gives stands for the function. */
  MemorySegment load(byte[] code);

  /**
   * Calls a function as System V has it.
   *
   * @param function of {@link #load}
   * @param written the argument that the function may write; it may only read the others
   * @param arguments memories, longs and floats
   * @return the float that the function returns; anything if it returns none
   */
  float call(MemorySegment function, MemorySegment written, Object... arguments);
}
