package io.foregate.assembly;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Bytes of code as they are written, and the distances to labels that are not known yet. */
final class CodeBuffer {
  /** A distance of 32 bits at {@code at}, counted from {@code from}, the end of its instruction. */
  private record Fixup(int at, int from, Label label, int displacement) {}

  private byte[] bytes = new byte[1024];
  private int size;
  private final List<Fixup> fixups = new ArrayList<>();

  int size() {
    return size;
  }

  void u8(int value) {
    if (size == bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * size);
    }
    bytes[size++] = (byte) value;
  }

  void i32(int value) {
    for (int shift = 0; shift < 32; shift += 8) {
      u8(value >> shift);
    }
  }

  void i64(long value) {
    i32((int) value);
    i32((int) (value >> 32));
  }

  /** Fills the distance at {@code at}, which has four bytes, once the label is known. */
  void distance(int at, Label label, int displacement) {
    fixups.add(new Fixup(at, size, label, displacement));
  }

  /** All bytes, with every distance filled. */
  byte[] finish() {
    byte[] code = Arrays.copyOf(bytes, size);
    for (Fixup fixup : fixups) {
      if (fixup.label.offset < 0) {
        throw new IllegalStateException("a label is used and was not bound");
      }
      int distance = fixup.label.offset + fixup.displacement - fixup.from;
      for (int i = 0; i < 4; i++) {
        code[fixup.at + i] = (byte) (distance >> (8 * i));
      }
    }
    return code;
  }
}
