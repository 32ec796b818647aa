package io.foregate.quant.assembled.function;

import io.foregate.assembly.Address;
import io.foregate.assembly.Gpr;

/** Addresses of four things that lie equally far apart. */
public final class Strided {
  private Strided() {}

  /**
   * The address of one.
   *
   * @param i which, 0 to 3
   * @param first where they begin
   * @param stride from one to the next
   * @param triple three times that
   */
  public static Address address(int i, Gpr first, Gpr stride, Gpr triple, int offset) {
    return switch (i) {
      case 0 -> Address.at(first, offset);
      case 1 -> Address.at(first, stride, 1, offset);
      case 2 -> Address.at(first, stride, 2, offset);
      default -> Address.at(first, triple, 1, offset);
    };
  }
}
