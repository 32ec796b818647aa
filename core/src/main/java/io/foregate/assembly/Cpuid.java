package io.foregate.assembly;

/** What a CPU says of itself, by two instructions of the manual. */
interface Cpuid {
  /** EAX, EBX, ECX and EDX of CPUID for that leaf and subleaf. */
  int[] leaf(int leaf, int subleaf);

  /**
   * The registers that the operating system saves (XCR0), by XGETBV. To be asked only if leaf 1
   * says OSXSAVE: the instruction is illegal otherwise.
   */
  long savedRegisters();
}
