package io.foregate.assembly.emulated;

import java.util.List;

/**
 * A decoded instruction.
 *
 * @param operands as GNU as spells them in Intel's syntax; places in the code itself, jumps'
 *     targets too, as their offset: {@code code+12}
 * @param end offset of the byte behind it
 */
public record Instruction(String name, List<String> operands, int end, Action action) {
  /** What an instruction does. */
  interface Action {
    void run(Registers registers, EmulatedMemory memory);
  }

  @Override
  public String toString() {
    return (name + " " + String.join(", ", operands)).strip();
  }
}
