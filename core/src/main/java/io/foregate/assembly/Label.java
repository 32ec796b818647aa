package io.foregate.assembly;

/** A place in the code of one {@link Assembler}: where jumps go, or where constants lie. */
public final class Label {
  /** Offset in the code; -1 until {@link Assembler#bind}. */
  int offset = -1;
}
