package io.foregate.kernels;

/**
 * Work groups. They reduce over their threads in local memory, each kernel with a loop of its own:
 * TornadoVM 5.2 compiles accesses to a local array that was passed to another method to wrong
 * addresses, without an error.
 */
public final class Groups {
  /** Threads of the largest group. */
  public static final int MAX_LANES = 256;

  private Groups() {}
}
