package io.foregate.assembly.emulated;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory that emulated code may touch: ranges that tests have given, on the heap or not. Each
 * has addresses far from all others, so that no access beyond one falls into another by chance.
 */
final class EmulatedMemory {
  /** From one range's address to the next's. */
  private static final long DISTANCE = 1L << 40;

  private static final ValueLayout.OfShort WORD =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** What is kept of a real address, as code may depend on it. */
  private static final long LINE = 64;

  private record Range(String name, long begin, MemorySegment memory) {
    boolean holds(long address, int bytes) {
      long offset = address - begin;
      return offset >= 0 && offset <= memory.byteSize() - bytes;
    }
  }

  private final List<Range> ranges = new ArrayList<>();
  private Range last;

  /** Lets code read a memory, and write it unless it is read-only; gives its address. */
  long add(String name, MemorySegment memory) {
    long begin = (ranges.size() + 1) * DISTANCE + Math.floorMod(memory.address(), LINE);
    addAt(begin, name, memory);
    return begin;
  }

  /** The same at an address that is given, of the first range. */
  void addAt(long begin, String name, MemorySegment memory) {
    ranges.add(new Range(name, begin, memory));
    last = ranges.getLast();
  }

  /** Copies bytes into a register file. */
  void load(long address, int bytes, byte[] to, int at) {
    Range range = range(address, bytes, false);
    MemorySegment.copy(range.memory, JAVA_BYTE, address - range.begin, to, at, bytes);
  }

  /** Copies bytes out of a register file. */
  void store(long address, int bytes, byte[] from, int at) {
    Range range = range(address, bytes, true);
    MemorySegment.copy(from, at, range.memory, JAVA_BYTE, address - range.begin, bytes);
  }

  /** A number of 1, 2, 4 or 8 bytes, zero-extended. */
  long number(long address, int bytes) {
    Range range = range(address, bytes, false);
    long offset = address - range.begin;
    return switch (bytes) {
      case 1 -> range.memory.get(JAVA_BYTE, offset) & 0xFFL;
      case 2 -> range.memory.get(WORD, offset) & 0xFFFFL;
      case 4 -> range.memory.get(INT, offset) & 0xFFFF_FFFFL;
      default -> range.memory.get(LONG, offset);
    };
  }

  /** Stores a number's lowest 4 or 8 bytes. */
  void setNumber(long address, int bytes, long number) {
    Range range = range(address, bytes, true);
    long offset = address - range.begin;
    if (bytes == 8) {
      range.memory.set(LONG, offset, number);
    } else {
      range.memory.set(INT, offset, (int) number);
    }
  }

  private Range range(long address, int bytes, boolean writes) {
    if (!last.holds(address, bytes)) {
      last = find(address, bytes, writes);
    }
    if (writes && last.memory.isReadOnly()) {
      throw new EmulationFailure(
          "writes %d bytes at %s, which is read-only".formatted(bytes, place(last, address)));
    }
    return last;
  }

  private Range find(long address, int bytes, boolean writes) {
    for (Range range : ranges) {
      if (range.holds(address, bytes)) {
        return range;
      }
    }
    String what = (writes ? "writes %d bytes at " : "reads %d bytes at ").formatted(bytes);
    for (Range range : ranges) {
      if (Math.abs(address - range.begin) < DISTANCE / 2) {
        throw new EmulationFailure(
            what + place(range, address) + ", which has " + range.memory.byteSize());
      }
    }
    throw new EmulationFailure(what + Long.toHexString(address) + ", where nothing is");
  }

  private static String place(Range range, long address) {
    return "%s%+d".formatted(range.name, address - range.begin);
  }
}
