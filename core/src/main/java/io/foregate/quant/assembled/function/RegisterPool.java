package io.foregate.quant.assembled.function;

import io.foregate.assembly.Vec;

/** Which vector registers of a function are in use: what was taken last is given back first. */
public final class RegisterPool {
  private final int registers;
  private final int bits;
  private int taken;

  /**
   * @param taken how many of the first registers are somebody's already
   * @param bits of the registers that {@link #take} gives
   */
  public RegisterPool(int registers, int taken, int bits) {
    this.registers = registers;
    this.taken = taken;
    this.bits = bits;
  }

  /** A register that nobody else has. */
  public Vec take() {
    if (taken == registers) {
      throw new IllegalStateException("no register is left");
    }
    return new Vec(taken++, bits);
  }

  /** So many of them. */
  public Vec[] take(int count) {
    var some = new Vec[count];
    for (int i = 0; i < count; i++) {
      some[i] = take();
    }
    return some;
  }

  /** How many registers are taken: for {@link #release}. */
  public int taken() {
    return taken;
  }

  /** Gives back all registers but the first {@code taken}. */
  public void release(int taken) {
    this.taken = taken;
  }
}
