package io.foregate.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of a GGUF header one after the other. Nothing is read before it is known to lie
 * in the file, and nothing is allocated before it is known to fit the heap set aside for it.
 */
final class HeaderReader {
  /** Real vocabularies with their merges take about a tenth of this. */
  private static final long MAX_HEAP = 128L << 20;

  private static final String DAMAGED =
      "The file is damaged or incomplete: get it again, or convert the model again.";

  private final MemorySegment file;
  private final String source;
  private final long heap;
  private long position;
  private long heapLeft;

  /**
   * @param heap bytes of Java's memory that may be used
   */
  HeaderReader(MemorySegment file, String source, long heap) {
    this.file = file;
    this.source = source;
    this.heap = heap;
    this.heapLeft = heap;
  }

  /** What the headers of a model may take of Java's memory, all of its files together. */
  static long heap() {
    return Math.min(MAX_HEAP, Runtime.getRuntime().maxMemory() / 2);
  }

  long position() {
    return position;
  }

  long remaining() {
    return file.byteSize() - position;
  }

  /** Requires {@code bytes} more bytes in the file, which {@code field} needs. */
  void need(long bytes, String field) {
    if (bytes > remaining()) {
      throw new GgufException(
          "%s: the file ends at byte %d, expected %d bytes of %s at byte %d"
              .formatted(source, file.byteSize(), bytes, field, position),
          DAMAGED,
          position);
    }
  }

  /** Sets heap aside for what is about to be kept of {@code field}. */
  void reserveHeap(long bytes, String field, long at) {
    if (bytes > heapLeft) {
      throw new GgufException(
          ("%s: with %s at byte %d the metadata needs over %d MiB of memory,"
                  + " expected at most %d MiB")
              .formatted(source, field, at, (heap - heapLeft + bytes) >> 20, heap >> 20),
          "No known model has metadata of that size: the file is probably damaged. If it is not,"
              + " and Java's heap is small, raise -Xmx.",
          at);
    }
    heapLeft -= bytes;
  }

  int u8(String field) {
    need(1, field);
    return file.get(ValueLayout.JAVA_BYTE, position++) & 0xFF;
  }

  int u32(String field) {
    need(Integer.BYTES, field);
    int value = file.get(GgufEncoding.INT, position);
    position += Integer.BYTES;
    return value;
  }

  long u64(String field) {
    need(Long.BYTES, field);
    long value = file.get(GgufEncoding.LONG, position);
    position += Long.BYTES;
    return value;
  }

  /** A count of things of which each takes at least {@code minBytes} of what follows. */
  long count(String field, int minBytes) {
    long at = position;
    long count = u64(field);
    if (Long.compareUnsigned(count, remaining() / minBytes) > 0) {
      throw bad(
          field,
          at,
          Long.toUnsignedString(count),
          "at most %d, as %d bytes follow".formatted(remaining() / minBytes, remaining()));
    }
    return count;
  }

  /** A string of at most {@code maxBytes} bytes of UTF-8. */
  String string(String field, int maxBytes) {
    long at = position;
    long length = count("the length of " + field, 1);
    if (length > maxBytes) {
      throw bad(field, at, length + " bytes long", "at most " + maxBytes);
    }
    // The bytes, the string made of them, and the string's wide form if it is not Latin-1.
    reserveHeap(3 * length, field, at);
    byte[] utf8 = bytes((int) length);
    int invalid = Utf8.firstInvalid(utf8, 0, utf8.length);
    if (invalid >= 0) {
      throw notUtf8(field, at + Long.BYTES + invalid);
    }
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /** A value of fixed size. */
  GgufValue scalar(GgufValue.Type type, String field) {
    need(type.minBytes(), field);
    long at = position;
    requireTruthValue(type, file, at, field, at);
    position += type.minBytes();
    return GgufEncoding.readScalar(type, file, at);
  }

  /** Elements of fixed size, of which {@link #count} has said that they lie in the file. */
  GgufArray scalars(GgufValue.Type type, long count, String field) {
    long at = position;
    reserveHeap(count * type.minBytes(), field, at);
    byte[] data = bytes(Math.toIntExact(count * type.minBytes()));
    if (type == GgufValue.Type.BOOL) {
      MemorySegment view = MemorySegment.ofArray(data);
      for (int i = 0; i < data.length; i++) {
        requireTruthValue(type, view, i, field, at + i);
      }
    }
    return GgufArray.ofScalars(type, data);
  }

  /** Strings, of which {@link #count} has said that their length fields could lie in the file. */
  GgufArray strings(long count, String field) {
    long begin = position;
    reserveHeap((count + 1) * Integer.BYTES, field, begin);
    var starts = new int[(int) count + 1];
    for (int i = 0; i < count; i++) {
      long length = remaining() < Long.BYTES ? -1 : file.get(GgufEncoding.LONG, position);
      if (length < 0 || length > remaining() - Long.BYTES) {
        // Reads the length again, for its message: no text is built for the strings that are fine.
        count("the length of string %d of %s".formatted(i, field), 1);
      }
      position += Long.BYTES + length;
      if (position - begin > Integer.MAX_VALUE) {
        break;
      }
      starts[i + 1] = (int) (position - begin);
    }
    reserveHeap(position - begin, field, begin);
    long end = position;
    position = begin;
    byte[] data = bytes((int) (end - begin));
    for (int i = 0; i < count; i++) {
      int invalid = Utf8.firstInvalid(data, starts[i] + Long.BYTES, starts[i + 1]);
      if (invalid >= 0) {
        throw notUtf8("string %d of %s".formatted(i, field), begin + invalid);
      }
    }
    return GgufArray.ofStrings(data, starts);
  }

  /** A complaint about a field that is there but says something that cannot be. */
  GgufException bad(String field, long at, String found, String expected) {
    return new GgufException(
        "%s: %s at byte %d is %s, expected %s".formatted(source, field, at, found, expected),
        DAMAGED,
        at);
  }

  private void requireTruthValue(
      GgufValue.Type type, MemorySegment from, long offset, String field, long at) {
    if (type == GgufValue.Type.BOOL) {
      int value = from.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
      if (value > 1) {
        throw bad(field, at, Integer.toString(value), "a truth value, 0 or 1");
      }
    }
  }

  private GgufException notUtf8(String field, long at) {
    int found = file.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    return bad(field, at, "the byte 0x%02X".formatted(found), "valid UTF-8");
  }

  private byte[] bytes(int length) {
    var copy = new byte[length];
    MemorySegment.copy(file, ValueLayout.JAVA_BYTE, position, copy, 0, length);
    position += length;
    return copy;
  }
}
