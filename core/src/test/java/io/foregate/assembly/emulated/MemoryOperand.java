package io.foregate.assembly.emulated;

import io.foregate.assembly.Gpr;
import java.util.Locale;

/**
 * Memory at {@code base + index * scale + displacement}.
 *
 * @param base -1 for the code itself, whose offset {@code displacement} then is
 * @param index -1 for none; of a vector where lanes are loaded from a place each
 */
record MemoryOperand(int base, int index, int scale, int displacement) {
  /** The address, or that of a lane's without its index. */
  long address(Registers registers, long index) {
    long first = base < 0 ? Emulator.CODE : registers.general[base];
    return first + index * scale + displacement;
  }

  long address(Registers registers) {
    return address(registers, index < 0 ? 0 : registers.general[index]);
  }

  /** As GNU as has it. */
  String spell() {
    if (base < 0) {
      return "[code%+d]".formatted(displacement);
    }
    String second = index < 0 ? "" : "+%s*%d".formatted(register(index), scale);
    return "[%s%s%s]".formatted(register(base), second, signed());
  }

  /** The same, with a vector for index. */
  String spell(String vector) {
    return "[%s+%s*%d%+d]".formatted(register(base), vector, scale, displacement);
  }

  private String signed() {
    return displacement == 0 ? "" : "%+d".formatted(displacement);
  }

  static String register(int number) {
    return Gpr.values()[number].name().toLowerCase(Locale.ROOT);
  }

  /** A register's name where it has 32 bits. */
  static String register32(int number) {
    String name = register(number);
    return number < 8 ? "e" + name.substring(1) : name + "d";
  }
}
