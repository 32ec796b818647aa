package io.foregate.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Assembles GGUF files byte by byte, sound or not, without the code under test. */
final class GgufBytes {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Magic number, version 3, and the two counts. */
  static GgufBytes header(long tensors, long values) {
    return header(3, tensors, values);
  }

  static GgufBytes header(int version, long tensors, long values) {
    return new GgufBytes().raw('G', 'G', 'U', 'F').u32(version).u64(tensors).u64(values);
  }

  GgufBytes raw(int... values) {
    for (int value : values) {
      bytes.write(value);
    }
    return this;
  }

  GgufBytes raw(byte[] values) {
    bytes.writeBytes(values);
    return this;
  }

  GgufBytes u16(int value) {
    return raw(value & 0xff, value >> 8);
  }

  GgufBytes u32(int value) {
    return raw(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  GgufBytes u64(long value) {
    return raw(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  GgufBytes string(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return u64(utf8.length).raw(utf8);
  }

  /** A key and the number of its value's type; the value has to follow. */
  GgufBytes key(String key, int type) {
    return string(key).u32(type);
  }

  /** A tensor info. */
  GgufBytes tensor(String name, int type, long offset, long... shape) {
    string(name).u32(shape.length);
    for (long n : shape) {
      u64(n);
    }
    return u32(type).u64(offset);
  }

  /** Zeros up to a multiple of {@code alignment}. */
  GgufBytes pad(int alignment) {
    while (bytes.size() % alignment != 0) {
      bytes.write(0);
    }
    return this;
  }

  int size() {
    return bytes.size();
  }

  byte[] toByteArray() {
    return bytes.toByteArray();
  }

  Path writeTo(Path path) {
    try {
      return Files.write(path, bytes.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the reader makes of the bytes. */
  GgufParser.Header parse() {
    return parse(bytes.toByteArray());
  }

  static GgufParser.Header parse(byte[] bytes) {
    return GgufParser.parse(
        MemorySegment.ofArray(bytes).asReadOnly(), "test.gguf", HeaderReader.heap());
  }

  /** A small sound file that has a bit of everything, without padding after the last tensor. */
  static GgufBytes small() {
    GgufBytes file = header(2, 6);
    file.key("general.architecture", 8).string("llama");
    file.key("general.alignment", 4).u32(64);
    file.key("a.bool", 7).raw(1);
    file.key("a.strings", 9).u32(8).u64(3).string("x").string("").string("\u00e9\u4e2d");
    file.key("a.shorts", 9).u32(3).u64(2).raw(0xFE, 0xFF, 2, 0);
    file.key("a.nested", 9).u32(9).u64(2);
    file.u32(7).u64(2).raw(0, 1);
    file.u32(8).u64(1).string("deep");
    file.tensor("one", 8, 0, 32, 2);
    file.tensor("two", 0, 128, 3);
    file.pad(64).raw(new byte[68]).pad(64).raw(new byte[12]);
    return file;
  }
}
